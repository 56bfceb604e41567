import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** One planted violation per rule: file, its text, and the words the linter must say. */
const PLANTED: readonly {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
  readonly says: string;
}[] = [
  {
    rule: "core imports nothing of ours",
    file: "src/core/bad.ts",
    text: 'import { a } from "../console/a.ts";\nexport const b = a;\n',
    says: "core is the bottom layer",
  },
  {
    rule: "core imports no role lazily",
    file: "src/core/lazy.ts",
    text: 'export const load = () => import("../sensor/a.ts");\n',
    says: "core is the bottom layer",
  },
  {
    rule: "sensor never imports console",
    file: "src/sensor/bad.ts",
    text: 'import { a } from "../console/a.ts";\nexport const b = a;\n',
    says: "sensor never imports console",
  },
  {
    rule: "no server library in the sensor",
    file: "src/sensor/sql.ts",
    text: 'import postgres from "postgres";\nexport const b = postgres;\n',
    says: "server libraries stay in console",
  },
  {
    rule: "console never imports sensor",
    file: "src/console/bad.ts",
    text: 'import { a } from "../sensor/a.ts";\nexport const b = a;\n',
    says: "console never imports sensor",
  },
  {
    rule: "the simulator imports no console",
    file: "src/sim/bad.ts",
    text: 'import { a } from "../console/a.ts";\nexport const b = a;\n',
    says: "the simulator knows the wire",
  },
  {
    rule: "the simulator imports no sensor",
    file: "src/sim/scenario/bad.ts",
    text: 'import { a } from "../../sensor/a.ts";\nexport const b = a;\n',
    says: "the simulator knows the wire",
  },
  {
    rule: "no server library in the simulator",
    file: "src/sim/sql.ts",
    text: 'import postgres from "postgres";\nexport const b = postgres;\n',
    says: "server libraries stay in console",
  },
  {
    rule: "the console imports no simulator",
    file: "src/console/sim.ts",
    text: 'import { a } from "../sim/a.ts";\nexport const b = a;\n',
    says: "console never imports sensor",
  },
  {
    rule: "the UI sees the API only",
    file: "src/ui/bad.ts",
    text: 'import { a } from "../console/a.ts";\nexport const b = a;\n',
    says: "the UI sees core/api",
  },
  {
    rule: "the UI does not see the wire",
    file: "src/ui/wire.ts",
    text: 'import { a } from "../core/wire/a.ts";\nexport const b = a;\n',
    says: "the UI sees core/api",
  },
  {
    rule: "routes call services",
    file: "src/console/x/routes.ts",
    text: 'import { a } from "./store.ts";\nexport const b = a;\n',
    says: "routes call services",
  },
  {
    rule: "services know no HTTP",
    file: "src/console/x/service.ts",
    text: 'import { Hono } from "hono";\nexport const b = new Hono();\n',
    says: "services know no HTTP and no SQL",
  },
  {
    rule: "services know no SQL",
    file: "src/console/y/service.ts",
    text: 'import postgres from "postgres";\nexport const b = postgres;\n',
    says: "services know no HTTP and no SQL",
  },
  {
    rule: "stores are at the bottom",
    file: "src/console/x/store.ts",
    text: 'import { a } from "./service.ts";\nexport const b = a;\n',
    says: "stores are the bottom of console",
  },
  {
    rule: "no cycles, type-only ones included",
    file: "src/core/c1.ts",
    text: 'import type { D } from "./c2.ts";\nexport type C = D | 1;\n',
    says: "cycle",
  },
  { rule: "no default exports", file: "src/core/def.ts", text: "export default 1;\n", says: "default" },
  { rule: "no any", file: "src/core/any.ts", text: "export const a: any = 1;\n", says: "any" },
  { rule: "no console", file: "src/core/con.ts", text: 'console.log("x");\n', says: "console" },
  {
    rule: "no floating promise",
    file: "src/core/float.ts",
    text: "async function f(): Promise<void> {}\nf();\nexport const z = 1;\n",
    says: "romise",
  },
  {
    rule: "no file over 300 lines",
    file: "src/core/long.ts",
    text: Array.from({ length: 302 }, (_, i) => `export const v${i} = ${i};`).join("\n"),
    says: "lines",
  },
  {
    rule: "no file over 300 lines, comments and blank ones counted",
    file: "src/core/wordy.ts",
    text: `${"// Why.\n\n".repeat(151)}export const v = 1;\n`,
    says: "lines",
  },
];

const HELPERS: Readonly<Record<string, string>> = {
  "src/console/a.ts": "export const a = 1;\n",
  "src/sensor/a.ts": "export const a = 1;\n",
  "src/sim/a.ts": "export const a = 1;\n",
  "src/core/wire/a.ts": "export const a = 1;\n",
  "src/console/x/helper.ts": "export const a = 1;\n",
  "src/core/c2.ts": 'import type { C } from "./c1.ts";\nexport type D = C | 2;\n',
};

let dir: string;
let reports: Map<string, string>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "layers-"));
  await cp(join(ROOT, ".oxlintrc.json"), join(dir, ".oxlintrc.json"));
  await cp(join(ROOT, "tsconfig.json"), join(dir, "tsconfig.json"));
  await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
  for (const [file, text] of [...Object.entries(HELPERS), ...PLANTED.map((p) => [p.file, p.text] as const)]) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  const lint = Bun.spawn([join(ROOT, "node_modules/.bin/oxlint"), "--type-aware", "--format", "json", "src"], {
    cwd: dir,
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = JSON.parse(await new Response(lint.stdout).text()) as {
    diagnostics: { filename: string; message: string; help?: string }[];
  };
  await lint.exited;
  reports = new Map();
  for (const d of output.diagnostics) {
    const file = d.filename.replace(`${dir}/`, "");
    reports.set(file, `${reports.get(file) ?? ""}\n${d.message} ${d.help ?? ""}`);
  }
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe("the linter shouts at a planted violation", () => {
  for (const planted of PLANTED) {
    test(planted.rule, () => {
      expect(reports.get(planted.file) ?? "nothing reported").toContain(planted.says);
    });
  }
});
