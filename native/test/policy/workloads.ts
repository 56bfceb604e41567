/** What the sensor tells the engine of pods, here said of one control group. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { CGROUP } from "./case.ts";

const labels = (key: string, value: string) => ({ matchExpressions: [{ key, operator: "In", values: [value] }] });
/** Selectors as they are in plans. */
const SELECTORS = [{ podSelector: labels("app", "tx-policy") }, { containerSelector: labels("name", "tx-policy") }];

/** Writes workloads.json into a directory of plans: all selectors choose the cases' control group. */
export function tellWorkloads(plans: string): void {
  if (!existsSync(CGROUP)) return;
  const id = statSync(CGROUP, { bigint: true }).ino;
  const entries = SELECTORS.map(
    (selector) => `{"namespace":"","selector":${JSON.stringify(JSON.stringify(selector))},"cgroups":[${id}]}`,
  );
  writeFileSync(`${plans}/workloads.json`, `[${entries.join(",")}]`);
}
