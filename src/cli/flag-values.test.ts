import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT, type CommandSpec } from "./command.ts";
import { runCli } from "./run.ts";
import { COMMANDS } from "./table.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-flag-values-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const file = join(root, "policy.yaml");
await writeFile(file, "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: a\nspec: {}\n");
const path = (name: string): string => join(root, name);

/** Values that nothing can be said about before somebody else was asked: a file's system, a Console, a store. */
const ANYTHING = new Set(["dir", "file", "path", "name", "tse_…", "id|name"]);
/** Flags of which the same holds, though not of all their kind: a Console knows its roles, and a pin is compared with a live key. */
const ASKED = new Set(["console token create --role", "sim sensors --pin"]);

/** What a call needs beside the flag, so that this is what is wrong with it. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  "console serve": ["--data-dir", path("console")],
  "console token create": ["--cluster", "c", "--data-dir", path("none")],
  "console store migrate": ["--data-dir", path("none")],
  "console backup": [path("x.tlvx"), "--no-keys", "--data-dir", path("none")],
  backup: [path("x.tlvx"), "--no-keys", "--data-dir", path("none")],
  "console restore": [path("x.tlvx"), "--data-dir", path("none")],
  restore: [path("x.tlvx"), "--data-dir", path("none")],
  enroll: ["--console", "https://127.0.0.1:1", "--token", `tse_${"a".repeat(43)}`, "--state-dir", path("sensor")],
  "sensor run": ["--state-dir", path("sensor")],
  "policy check": [file],
  "policy explain": [file],
  "policy run": [file],
  "policy add": [file, "--state-dir", path("sensor")],
  "policy convert": [file],
  "sim sensors": ["--state", path("sim"), "--check"],
  "sim scenario": ["steady"],
};

const checked = (spec: CommandSpec): string[] =>
  spec.flags.flatMap(({ name, value }) =>
    value === undefined || ANYTHING.has(value) || ASKED.has(`${spec.name} --${name}`) ? [] : [name],
  );
const cases = COMMANDS.filter(({ hidden }) => !hidden).flatMap((spec) =>
  checked(spec).map((flag) => [`${spec.name} --${flag}`, spec, flag] as const),
);

async function call(spec: CommandSpec, flag: string, value: string): Promise<{ code: number; err: string }> {
  let err = "";
  const terminal = { out: () => {}, err: (t: string) => void (err += t), signal: AbortSignal.abort() };
  const words = [...spec.name.split(" "), ...(NEEDED[spec.name] ?? []), `--${flag}`, value];
  return { code: await runCli(words, terminal), err };
}

test("there are flags of every command that takes one", () => {
  expect(cases.length).toBeGreaterThan(80);
});

test.each(cases)("%s with a value that cannot be is a call written wrongly", async (_, spec, flag) => {
  const { code, err } = await call(spec, flag, "ftp://[ no!");
  expect(err).toStartWith("telovix: ");
  expect({ code, err }).toEqual({ code: EXIT.usage, err });
});

const numbers = cases.filter(([, spec, flag]) => spec.flags.some((f) => f.name === flag && f.value === "number"));
test.each(numbers)("%s with a number that cannot be is one, too", async (_, spec, flag) => {
  const { code, err } = await call(spec, flag, "99999999999999999999");
  expect({ code, err }).toEqual({ code: EXIT.usage, err });
});

test("the same value from the environment is none of the call's", async () => {
  const before = process.env["TELOVIX_CONSOLE_WORKERS"];
  process.env["TELOVIX_CONSOLE_WORKERS"] = "0";
  try {
    const serve = COMMANDS.find(({ name }) => name === "console serve")!;
    expect((await call(serve, "log-level", "info")).code).toBe(EXIT.failed);
    expect((await call(serve, "workers", "0")).code).toBe(EXIT.usage);
  } finally {
    if (before === undefined) delete process.env["TELOVIX_CONSOLE_WORKERS"];
    else process.env["TELOVIX_CONSOLE_WORKERS"] = before;
  }
});
