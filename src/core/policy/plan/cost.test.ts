import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUDGET } from "./cost.ts";

test("the budgets are the engine's", () => {
  const source = readFileSync(join(import.meta.dir, "../../../../native/policy/policies.c"), "utf8");
  const defined = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(source)?.[1]);
  const { timePercent, told, matched }: Readonly<Record<string, number>> = BUDGET;
  expect({ timePercent, told, matched }).toEqual({
    timePercent: defined("POINT_SHARE"),
    told: defined("POSTED_PER_S"),
    matched: defined("MATCHED_PER_S"),
  });
});
