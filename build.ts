import { mkdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildEngineArchive } from "./scripts/build/engine.ts";
import { buildHead, readCommit } from "./scripts/build/head.ts";
import { writeManifest } from "./scripts/build/manifest.ts";
import { ROOT } from "./scripts/build/paths.ts";
import { buildPayload } from "./scripts/build/payload.ts";
import { buildUi } from "./scripts/build/ui.ts";
import { buildWhole } from "./scripts/build/whole.ts";

const USAGE = `bun build.ts [--out dist] [--no-payload]   build telovix-head and telovix
bun build.ts --ui                          only bundle the UI into embed/ui
bun build.ts --manifest                    only write embed/manifest.ts (types and tests need it)
`;

const MB = 1e6;
const BUDGET_BYTES = { "telovix-head": 130 * MB, telovix: 320 * MB };

async function report(file: string, budgetBytes: number): Promise<void> {
  const { size } = await stat(file);
  process.stdout.write(`${relative(ROOT, file)}: ${(size / MB).toFixed(1)} MB\n`);
  if (size > budgetBytes) throw new Error(`${relative(ROOT, file)} is over its budget of ${budgetBytes / MB} MB`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "dist" },
      payload: { type: "boolean", default: true },
      ui: { type: "boolean" },
      manifest: { type: "boolean" },
      help: { type: "boolean" },
    },
    allowNegative: true,
  });
  if (values.help) return void process.stdout.write(USAGE);
  if (values.manifest) return writeManifest();
  if (values.ui) {
    await buildUi();
    return writeManifest();
  }
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  await buildEngineArchive();
  await buildUi();
  await writeManifest();
  const head = join(out, "telovix-head");
  const commit = await readCommit();
  await buildHead({ entry: join(ROOT, "src/main.ts"), outfile: head, commit, sourcemapDir: join(out, "sourcemaps") });
  await report(head, BUDGET_BYTES["telovix-head"]);
  if (!values.payload) return;
  const whole = join(out, "telovix");
  await buildWhole(head, await buildPayload(), whole);
  await report(whole, BUDGET_BYTES.telovix);
}

try {
  await main();
} catch (error) {
  const detail = error instanceof AggregateError ? error.errors.map(String).join("\n") : "";
  process.stderr.write(
    `build: ${error instanceof Error ? error.message : String(error)}\n${detail}${detail ? "\n" : ""}`,
  );
  process.exit(1);
}
