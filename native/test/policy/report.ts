/** bun report.ts RESULTS OUT: writes docs/kernels.md from the outcomes that run.ts left in RESULTS/<kernel>.json. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { CASES } from "./cases.ts";
import { HERE, page, type Ran } from "./report-page.ts";

const [from = "", to = ""] = process.argv.slice(2);
const all = readdirSync(from)
  .filter((name) => name.endsWith(".json"))
  .map((name): Ran => {
    const ran = JSON.parse(readFileSync(`${from}/${name}`, "utf8")) as Omit<Ran, "label">;
    const label = name.slice(0, -".json".length);
    return { ...ran, label: label === "host" ? `${HERE}${/^\d+\.\d+/.exec(ran.kernel)?.[0] ?? ""}` : label };
  })
  .toSorted(
    (a, b) =>
      Number(a.label.startsWith(HERE)) - Number(b.label.startsWith(HERE)) ||
      a.label.localeCompare(b.label, "en", { numeric: true }),
  );
writeFileSync(to, page(all, CASES));
