import { describe, expect, test } from "bun:test";
import { checkPolicyText } from "../check.ts";
import { quoteBefore } from "./lexemes.ts";

const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: sample\nspec:\n";

function told(text: string): readonly string[] {
  return checkPolicyText(text).documents.flatMap((d) =>
    d.problems.map((p) => `${p.line}:${p.column} ${p.severity} ${p.rule}`),
  );
}

describe("a fault stands where it began", () => {
  test("a quote that is never closed", () => {
    const hook = "  kprobes:\n  - call: sys_dup\n";
    expect(told(`${HEAD}${hook}    message: "it's\n    tags: ['a', "b"]\n`)).toContain("8:14 error yaml.syntax");
    expect(told(`${HEAD}${hook}    message: 'abc`)).toContain("8:14 error yaml.syntax");
    expect(told(`${HEAD}${hook}    tags: ["a, b]\n`)).toContain("8:12 error yaml.syntax");
    // Quotes within plain texts, comments and blocks are none.
    const text = `a: it's "b\n# "c\nd: |\n  "e\nf: "g\n`;
    expect(quoteBefore(text, text.length)).toBe(text.indexOf('"g'));
    expect(quoteBefore("a: b\n", 5)).toBe(5);
  });

  test("a tab is told alone", () => {
    expect(told(`${HEAD}  kprobes:\n  - call: sys_dup\n    args:\n\t- index: 1\n      type: string\n`)).toEqual([
      "9:1 error yaml.tab",
    ]);
  });

  test("what can't be merged", () => {
    expect(told(`${HEAD}  loader: true\n  <<: 7\n`)).toEqual(["7:3 error yaml.merge"]);
    expect(told(`${HEAD}  loader: true\n  <<: [{}, x]\n`)).toEqual(["7:3 error yaml.merge"]);
    expect(told(`${HEAD}  <<: [{loader: true}, {}]\n`)).toEqual([]);
  });
});

describe("files put one behind the other", () => {
  const MARK = "\uFEFF";
  const second = `${HEAD.replace("sample", "second")}  loader: true\n`;

  test("bring their marks along", () => {
    const { verdict, documents } = checkPolicyText(`${MARK}---\n${HEAD}  loader: true\n${MARK}---\n${second}`);
    expect([verdict, documents.map((d) => d.name)]).toEqual(["valid", ["sample", "second"]]);
    expect(told(`${MARK}---\n${HEAD}  loadr: true\n${MARK}---\n${second}`)).toEqual(["7:3 error schema.unknown-field"]);
    // In a text it is the text's.
    const text = `${HEAD}  kprobes:\n  - call: sys_dup\n    message: "a${MARK}b"\n`;
    expect(checkPolicyText(text).documents[0]!.policy!.hooks[0]!.message).toBe(`a${MARK}b`);
  });
});

describe("a warning tells", () => {
  const hook = (type: string, value: string): string =>
    `${HEAD}  kprobes:\n  - call: sys_symlinkat\n    args:\n    - index: 0\n      type: ${type}\n    selectors:\n    - matchArgs:\n` +
    `      - index: 0\n        operator: Equal\n        values:\n        - ${value}\n`;

  test("a NUL in a text that ends at one", () => {
    expect(told(hook("string", '"a\\0b"'))).toEqual(["16:11 warning filter.never"]);
    expect(told(hook("string", '"a\\0"'))).toEqual([]);
    expect(told(hook("char_buf", '"a\\0b"'))).toEqual([]);
  });

  test("half of a character", () => {
    expect(told(hook("string", '"a\\ud800"'))).toEqual(["16:11 warning yaml.half-character"]);
    expect(told(hook("string", '"a\\ud83d\\ude00"'))).toEqual([]);
    expect(told(`${HEAD}  kprobes:\n  - call: sys_dup\n    message: "a\\udfff"\n`)).toEqual([
      "8:14 warning yaml.half-character",
    ]);
  });

  test("an error above 0", () => {
    const override = (error: number): string =>
      `${HEAD}  kprobes:\n  - call: sys_symlinkat\n    selectors:\n    - matchActions:\n      - action: Override\n        argError: ${error}\n`;
    expect(told(override(13))).toEqual(["11:19 warning action.error"]);
    expect(told(override(-13))).toEqual([]);
    expect(told(override(4096))).toEqual(["11:19 error action.error"]);
  });
});
