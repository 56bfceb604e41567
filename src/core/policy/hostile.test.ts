import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { HEAD } from "../../../test/harness/policy-text.ts";
import { checkPolicyText } from "./check.ts";
import { brokenLimit, LIMITS } from "./read/limits.ts";
import type { PolicyReport } from "./report.ts";

// Much work on a machine others may be using; what must be fast is fast by a factor of hundreds.
setDefaultTimeout(60_000);

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/policies");
const SEEDS = ["valid", "invalid"].flatMap((kind) =>
  readdirSync(join(FIXTURES, kind)).map((name) => readFileSync(join(FIXTURES, kind, name), "utf8")),
);

/** What holds for the report of any text whatever. */
function expectSound(text: string, report: PolicyReport): void {
  const lines = text.split("\n");
  expect(report.documents.length).toBeGreaterThan(0);
  for (const [index, document] of report.documents.entries()) {
    const hasErrors = document.problems.some((p) => p.severity === "error");
    expect(document.index).toBe(index);
    expect(hasErrors).toBe(document.verdict === "invalid");
    expect(document.policy !== undefined).toBe(document.verdict === "valid");
    for (const problem of document.problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1);
      expect(problem.line).toBeLessThanOrEqual(lines.length);
      expect(problem.column).toBeGreaterThanOrEqual(1);
      expect(problem.column).toBeLessThanOrEqual(lines[problem.line - 1]!.length + 1);
      expect(problem.rule).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(problem.message.length).toBeLessThan(1000);
    }
  }
}

/** Texts that sit at joints of the format. */
const SNIPPETS = [
  "",
  "null",
  "[]",
  "{}",
  "- ",
  "*a",
  "&a ",
  "<<: *a",
  "!!binary x",
  "0x",
  "-1",
  "99999999999999999999999999",
  "true",
  "list:",
  "list:dups",
  "${X}",
  "CelExpr",
  "InMap",
  "auto",
  "syscall64",
  "Override",
  "raw: true",
  "macros: [a]",
  "__proto__",
  "constructor",
  "\t",
  "\r",
  "---\n",
  "# ",
  '"',
  "'",
  "|\n",
  "\u2028",
  "\ud800",
];

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(40),
  added: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 8 })),
});

describe("any text", () => {
  test("that was a policy once gets a report with places inside it, and never a throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.array(edit, { minLength: 1, maxLength: 4 }), (seed, edits) => {
        let text = seed;
        for (const { at, removed, added } of edits) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + added + text.slice(start + removed);
        }
        expectSound(text, checkPolicyText(text));
      }),
      { numRuns: 400 },
    );
  });

  test("with words swapped for others of the format does too", () => {
    const words = [...new Set(SEEDS.flatMap((seed) => seed.match(/[\w:./-]{2,}/g) ?? []))];
    fc.assert(
      fc.property(
        fc.constantFrom(...SEEDS),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...words)), { minLength: 1, maxLength: 5 }),
        (seed, swaps) => {
          let text = seed;
          for (const [pick, word] of swaps) {
            const found = [...text.matchAll(/[\w:./-]{2,}/g)];
            const { index, 0: old } = found[pick % found.length]!;
            text = text.slice(0, index) + word + text.slice(index + old.length);
          }
          expectSound(text, checkPolicyText(text));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("of noise does too", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => expectSound(text, checkPolicyText(text))),
      { numRuns: 200 },
    );
  });
});

describe("a text that is meant to hurt", () => {
  const refuse = (text: string, rule: string): void => {
    const report = checkPolicyText(text);
    expect(report.verdict).toBe("invalid");
    expect(report.documents.flatMap((d) => d.problems).map((p) => p.rule)).toContain(rule);
    expectSound(text, report);
  };

  test("is refused by its size", () => {
    refuse("#".repeat(LIMITS.fileBytes + 1), "yaml.too-large");
    refuse("é".repeat(LIMITS.fileBytes / 2 + 1), "yaml.too-large");
  });

  test("is refused by the depth of its brackets, before it is parsed", () => {
    refuse("[".repeat(500_000), "yaml.too-deep");
    refuse("{a: ".repeat(200_000), "yaml.too-deep");
    // Each line hides its bracket from one who only counts characters.
    refuse('["]", it\'s [\n'.repeat(60_000), "yaml.too-deep");
    refuse("[ # ]\n'x ]', [".repeat(60_000), "yaml.too-deep");
  });

  test("is refused by the depth of its blocks, before it is parsed", () => {
    refuse(`${"- ".repeat(400_000)}x`, "yaml.too-deep");
    refuse(`${"? ".repeat(400_000)}x`, "yaml.too-deep");
    refuse(`${"a: ".repeat(300_000)}x`, "yaml.too-deep");
    refuse(Array.from({ length: 1400 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), "yaml.too-deep");
  });

  test("is refused by the depth of what is left", () => {
    refuse(HEAD + Array.from({ length: 100 }, (_, i) => `${" ".repeat(i + 2)}a:`).join("\n"), "yaml.too-deep");
    refuse("a: &a [*a]\n", "yaml.too-deep");
  });

  test("is refused when its aliases multiply", () => {
    const rows = Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(9)}]`);
    refuse(`x0: &x0 [1, 2, 3]\n${rows.join("\n")}\n`, "yaml.too-many-nodes");
  });

  test("is refused by the number of its documents", () => {
    refuse("---\na\n".repeat(LIMITS.documents + 1), "yaml.too-many-documents");
  });

  test("is refused by its control characters", () => {
    refuse(`${HEAD}  loader: true # \u0000\n`, "yaml.control-character");
  });

  test("names its repeated keys without comparing each with each", () => {
    refuse(Array.from({ length: 40_000 }, (_, i) => `k${i % 20_000}:`).join("\n"), "yaml.duplicate-key");
  });

  test("tells a bounded number of problems, and the first error is among them", () => {
    const args = `  - {call: f, syscall: false, args: [{index: 0, type: file}], selectors: [{matchArgs: [{operator: Equal, values: [${"x, ".repeat(3000)}]}]}]}\n`;
    const report = checkPolicyText(`${HEAD}  kprobes:\n${args}  - {call: "a b", syscall: false}\n`);
    expect(report.documents[0]!.problems.length).toBeLessThanOrEqual(201);
    expect(report.verdict).toBe("invalid");
    expect(report.documents[0]!.problems.some((p) => p.severity === "error")).toBe(true);
  });

  test("can't name fields after an object's own", () => {
    const fields = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    for (const field of fields) {
      const report = checkPolicyText(`${HEAD}  ${field}: {loader: true}\n`);
      expect(report.documents[0]!.problems.map((p) => p.rule)).toEqual(["schema.unknown-field"]);
    }
    const macros = checkPolicyText(
      `${HEAD}  kprobes: [{call: sys_a, selectors: [{macros: [constructor, __proto__]}]}]\n`,
    );
    expect(macros.documents[0]!.problems.map((p) => p.rule)).toEqual(["macros.unknown", "macros.unknown"]);
  });
});

describe("the limits", () => {
  test("let through what people write", () => {
    for (const seed of SEEDS) expect(brokenLimit(seed)).toBeUndefined();
  });

  test("are right about brackets in quotes, comments and blocks", () => {
    const open = "[".repeat(200);
    for (const text of [`a: "${open}"`, `a: '${open}'`, `a: 1 # ${open}`, `a: |\n  ${open}\n`, `a: x${open}`])
      expect(brokenLimit(text)).toBeUndefined();
  });

  test("point at the place", () => {
    const fault = brokenLimit(`a: 1\nb: ${"[".repeat(LIMITS.flowDepth + 1)}`);
    expect(fault).toMatchObject({ rule: "yaml.too-deep", offset: 8 + LIMITS.flowDepth });
  });
});
