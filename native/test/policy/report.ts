/**
 * bun report.ts RESULTS OUTCOMES OUT KERNEL…: keeps what run.ts left in RESULTS/<kernel>.json in OUTCOMES, and writes docs/kernels.md (OUT)
 * of all that is kept there, once there is something of each of these kernels.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CASES } from "./cases.ts";
import { keep, played, type Kept, type Played } from "./kept.ts";
import { HERE, page, type Ran } from "./report-page.ts";

const [from = "", kept = "", to = "", ...kernels] = process.argv.slice(2);
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
/** Of the machine that runs the suite only the version is told, not whose build it is. */
const releaseOf = (name: string, release: string): string =>
  name === "host" ? (/^[\d.]+/.exec(release)?.[0] ?? "") : release;

mkdirSync(kept, { recursive: true });
for (const kernel of kernels) {
  const path = `${from}/${kernel}.json`;
  if (!existsSync(path)) continue;
  const on = new Date().toISOString().slice(0, 10);
  const ran = read(path) as Played;
  const of = keep({ ...ran, kernel: releaseOf(kernel, ran.kernel) }, CASES, on);
  writeFileSync(`${kept}/${kernel}.json`, `${JSON.stringify(of, null, 1)}\n`);
}
const missing = kernels.filter((kernel) => !existsSync(`${kept}/${kernel}.json`));
if (missing.length > 0) {
  process.stdout.write(`docs/kernels.md is written once each kernel was tried in full; not yet: ${missing.join(", ")}\n`);
  process.exit(0);
}
const all = kernels.map((name): Ran => {
  const of = read(`${kept}/${name}.json`) as Kept;
  const label = name === "host" ? `${HERE}${/^\d+\.\d+/.exec(of.kernel)?.[0] ?? ""}` : name;
  return { ...played(of, CASES), label, on: of.on };
});
writeFileSync(to, page(all, CASES));
