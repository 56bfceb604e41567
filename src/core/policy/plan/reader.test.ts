import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ENGINE_LIMITS } from "../build/engine-text.ts";
import { checkPolicyText } from "../check.ts";
import { encodePlan } from "./encode.ts";
import { anyPolicy } from "./random-policy.ts";

/* What the checker calls valid, the engine's own reader of plans must take: the C code itself, built here. */

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../../../..");
const NATIVE = join(ROOT, "native");
const EXAMPLES = join(ROOT, "../shared/data/tracingpolicy");
const VARIABLES = new Map([
  ["PODCIDR", "10.244.0.0/16"],
  ["SERVICECIDR", "10.96.0.0/12"],
]);
const WANTED = 1_500;

let dir = "";
let reader = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "telovix-reader-"));
  reader = join(dir, "read");
  const plans = readdirSync(join(NATIVE, "policy")).filter((name) => /^plans.*\.c$/.test(name));
  const sources = [join(NATIVE, "test/plans/read.c"), ...plans.map((name) => join(NATIVE, "policy", name))];
  const includes = ["include", "policy", "engine"].map((name) => `-I${join(NATIVE, name)}`);
  const built = Bun.spawnSync(["cc", "-O1", ...includes, ...sources, "-o", reader]);
  if (built.exitCode !== 0) throw new Error(`The reader of plans can't be built: ${built.stderr.toString()}`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Plans the reader refuses, with its words. */
function refused(plans: readonly (readonly [name: string, bytes: Uint8Array])[]): readonly string[] {
  const files = plans.map(([, bytes], i) => {
    const file = join(dir, `${i}.plan`);
    writeFileSync(file, bytes);
    return file;
  });
  const { stdout, exitCode } = Bun.spawnSync([reader], { stdin: Buffer.from(files.map((f) => `${f}\n`).join("")) });
  expect(exitCode).toBe(0);
  const answers = stdout.toString().trimEnd().split("\n");
  expect(answers.length).toBe(plans.length);
  return answers.flatMap((answer, i) => (answer === `ok ${files[i]}` ? [] : [`${plans[i]![0]}: ${answer}`]));
}

function plansOf(name: string, text: string): readonly (readonly [string, Uint8Array])[] {
  const { documents } = checkPolicyText(text, { variables: VARIABLES });
  return documents.flatMap(({ policy, line }) =>
    policy === undefined || policy.placeholders.length > 0 ? [] : [[`${name}:${line}`, encodePlan(policy)] as const],
  );
}

function plansBelow(path: string): readonly (readonly [string, Uint8Array])[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .flatMap((name) => plansOf(name, readFileSync(join(path, name), "utf8")));
}

describe("the engine's reader takes the plan", () => {
  test("of every valid fixture", () => {
    const plans = plansBelow(join(ROOT, "test/fixtures/policies/valid"));
    expect(plans.length).toBeGreaterThan(25);
    expect(refused(plans)).toEqual([]);
  });

  test("of every policy in the packs", () => {
    const plans = plansBelow(join(ROOT, "embed/packs"));
    expect(plans.length).toBeGreaterThan(100);
    expect(refused(plans)).toEqual([]);
  });

  if (!existsSync(EXAMPLES)) process.stderr.write(`SKIPPED: no policies to try at ${EXAMPLES}\n`);
  test.skipIf(!existsSync(EXAMPLES))("of every policy people use", () => {
    const plans = plansBelow(EXAMPLES);
    expect(plans.length).toBeGreaterThan(40);
    expect(refused(plans)).toEqual([]);
  });

  test(`of ${WANTED} policies made up at random`, () => {
    const plans: (readonly [string, Uint8Array])[] = [];
    let tried = 0;
    while (plans.length < WANTED && tried < 40) {
      const texts = fc.sample(anyPolicy, { numRuns: 250, seed: 7 + tried++ });
      for (const text of texts) plans.push(...plansOf(text, text));
    }
    expect(plans.length).toBeGreaterThanOrEqual(WANTED);
    expect(refused(plans)).toEqual([]);
  });
});

test("the limits of texts are those of the engine's index", () => {
  const header = readFileSync(join(NATIVE, "include/policy.h"), "utf8");
  const key = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1]);
  const { equal, prefix, postfix }: Readonly<Record<string, number>> = ENGINE_LIMITS;
  // A text that must be the same is compared with its end.
  expect({ equal, prefix, postfix }).toEqual({
    equal: key("TX_TEXT_KEY") - 1,
    prefix: key("TX_TEXT_KEY"),
    postfix: key("TX_END_KEY"),
  });
});
