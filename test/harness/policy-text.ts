import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPolicyText } from "../../src/core/policy/check.ts";
import type { Hook, Policy } from "../../src/core/policy/model.ts";

const FIXTURES = join(import.meta.dir, "../fixtures/policies/valid");
/** What stands above a policy's hooks. */
export const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: sample\nspec:\n";

/** The policy of a text that has no errors. */
export function policyOf(text: string): Policy {
  const [document] = checkPolicyText(text).documents;
  expect(document!.problems.filter((p) => p.severity === "error")).toEqual([]);
  return document!.policy!;
}

/** A policy among the fixtures that are valid. */
export function fixture(name: string): Policy {
  return policyOf(readFileSync(join(FIXTURES, `${name}.yaml`), "utf8"));
}

/** The only hook of a policy with one kprobe. */
export function hookOf(kprobe: string): Hook {
  return policyOf(`${HEAD}  kprobes:\n  - ${kprobe}\n`).hooks[0]!;
}

/** The rules a text breaks. */
export function rulesOf(text: string): readonly string[] {
  return checkPolicyText(text).documents.flatMap((d) => d.problems.map((p) => p.rule));
}
