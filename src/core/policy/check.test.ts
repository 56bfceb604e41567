import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HEAD } from "../../../test/harness/policy-text.ts";
import { checkPolicyBytes, checkPolicyText } from "./check.ts";
import type { Problem } from "./report.ts";

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/policies");
const EXAMPLES = join(import.meta.dir, "../../../../shared/data/tracingpolicy");

function textsBelow(dir: string): readonly (readonly [string, string])[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => [name, readFileSync(join(dir, name), "utf8")] as const);
}

function errorsOf(text: string): readonly Problem[] {
  return checkPolicyText(text).documents.flatMap((d) => d.problems.filter((p) => p.severity === "error"));
}

describe("invalid policies", () => {
  test.each(textsBelow(join(FIXTURES, "invalid")))("%s is refused where its first line says", (name, text) => {
    const [, stage, rule] = /^# refused: (S\d) (\S+)/.exec(text) ?? [];
    const errors = errorsOf(text);
    expect(checkPolicyText(text).verdict).toBe("invalid");
    expect(errors.map((e) => e.stage)).toEqual(errors.map(() => stage as Problem["stage"]));
    expect(errors.map((e) => e.rule)).toContain(rule!);
    expect(name.startsWith(stage!.toLowerCase())).toBe(true);
  });

  test("there is one for each stage and many rules", () => {
    const rules = textsBelow(join(FIXTURES, "invalid")).map(([, text]) => text.split("\n", 1)[0]);
    expect(new Set(rules).size).toBeGreaterThan(70);
  });
});

describe("valid policies", () => {
  test.each(textsBelow(join(FIXTURES, "valid")))("%s is valid", (_, text) => {
    expect(errorsOf(text)).toEqual([]);
    expect(checkPolicyText(text).verdict).toBe("valid");
    expect(checkPolicyText(text).documents.some((d) => d.policy !== undefined)).toBe(true);
  });

  const hasExamples = existsSync(EXAMPLES);
  if (!hasExamples) process.stderr.write(`SKIPPED: no policies to try at ${EXAMPLES}\n`);
  test.skipIf(!hasExamples)("so is every policy people use", () => {
    const texts = textsBelow(EXAMPLES);
    expect(texts.length).toBeGreaterThan(40);
    const refused = texts.filter(([, text]) => checkPolicyText(text).verdict === "invalid").map(([name]) => name);
    expect(refused).toEqual([]);
  });
});

describe("a report", () => {
  test("tells all problems at once, of both stages, in the order of the text", () => {
    const errors = errorsOf(`${HEAD}  kprobes:
  - call: vfs_unlink
    syscal: false
    args:
    - index: 0
      type: fil
  - call: vfs_rmdir
    syscall: false
    args:
    - index: 0
      type: int
    selectors:
    - matchArgs:
      - index: 0
        operator: Equal
        values: ["1", "2", "3", "4", "five"]
      matchActions:
      - action: Override
`);
    expect(errors.map((e) => `${e.line}:${e.column} ${e.stage} ${e.rule}`)).toEqual([
      "8:5 S1 schema.unknown-field",
      "11:13 S1 schema.unknown-value",
      "21:38 S2 filter.too-many-values",
      "21:38 S2 filter.value",
      "23:17 S2 action.override-target",
    ]);
    expect(errors[0]!.hint).toContain("'syscall'");
    expect(errors[1]!.hint).toContain("'file'");
    expect(errors[1]!.path).toBe("/spec/kprobes/0/args/0/type");
  });

  test("does not tell a problem inside a hook again as one of meaning", () => {
    const text = `${HEAD}  kprobes:\n  - call: vfs_unlink\n    syscall: false\n    args:\n    - index: 0\n      type: fil\n    selectors:\n    - matchArgs:\n      - index: 0\n        operator: Equal\n        values: [x]\n`;
    expect(errorsOf(text).map((e) => e.rule)).toEqual(["schema.unknown-value"]);
  });

  test("gives each document its verdict", () => {
    const text = `${HEAD}  loader: true\n---\n${HEAD}  loader: 1\n---\napiVersion: v1\nkind: Pod\n---\nkind: Nothing\n`;
    const { verdict, documents } = checkPolicyText(text);
    expect(verdict).toBe("invalid");
    expect(documents.map((d) => [d.index, d.line, d.kind, d.verdict])).toEqual([
      [0, 1, "TracingPolicy", "valid"],
      [1, 8, "TracingPolicy", "invalid"],
      [2, 15, "Pod", "skipped"],
      [3, 18, "Nothing", "invalid"],
    ]);
  });

  test("a fault in one document's YAML leaves the others alone", () => {
    const { documents } = checkPolicyText(`${HEAD}  loader: [\n---\n${HEAD}  loader: true\n`);
    expect(documents.map((d) => d.verdict)).toEqual(["invalid", "valid"]);
  });

  test("names a problem behind an alias once", () => {
    const text = `${HEAD}  kprobes:\n  - call: a\n    syscall: false\n    args: &x\n    - {index: 0, type: int}\n    selectors: &s\n    - matchArgs:\n      - {operator: Equal, values: [x]}\n  - {call: b, syscall: false, args: *x, selectors: *s}\n`;
    expect(errorsOf(text).map((e) => e.rule)).toEqual(["filter.value"]);
  });

  test("messages quote no control characters", () => {
    const text = `${HEAD}  kprobes:\n  - call: "a\\e[31mb"\n`;
    const [error] = errorsOf(text);
    expect(error!.rule).toBe("call.name");
    expect(error!.message).not.toContain("\u001b");
  });
});

describe("bytes", () => {
  test("that are not UTF-8 are refused", () => {
    const { documents } = checkPolicyBytes(Uint8Array.of(0x6b, 0xff, 0xfe));
    expect(documents[0]!.problems[0]!.rule).toBe("yaml.encoding");
  });

  test("with a byte order mark and CRLF are read", () => {
    const text = `\ufeff${HEAD}  loader: true\n`.replaceAll("\n", "\r\n");
    expect(checkPolicyBytes(new TextEncoder().encode(text)).verdict).toBe("valid");
  });
});

describe("placeholders", () => {
  const text = `${HEAD}  kprobes:\n  - call: tcp_connect\n    syscall: false\n    args:\n    - {index: 0, type: sock}\n    selectors:\n    - matchArgs:\n      - index: 0\n        operator: NotDAddr\n        values: [127.0.0.1, "\${PODCIDR}"]\n`;

  test("without a value are valid, and named", () => {
    const [document] = checkPolicyText(text).documents;
    expect(document!.verdict).toBe("valid");
    expect(document!.policy!.placeholders).toEqual([{ name: "PODCIDR", at: { line: 15, column: 29 } }]);
    expect(document!.problems.map((p) => p.rule)).toEqual(["filter.placeholder"]);
  });

  test("take the value they are given, which is checked like any other", () => {
    const right = checkPolicyText(text, { variables: new Map([["PODCIDR", "10.0.0.0/8"]]) });
    expect(right.documents[0]!.policy!.placeholders).toEqual([]);
    const wrong = checkPolicyText(text, { variables: new Map([["PODCIDR", "10.0.0.0/80"]]) });
    expect(wrong.documents[0]!.problems.map((p) => p.rule)).toEqual(["filter.address"]);
  });

  test("are plain text where text is compared", () => {
    const file = text.replace("type: sock", "type: string").replace("NotDAddr", "Equal");
    expect(checkPolicyText(file).documents[0]!.policy!.placeholders).toEqual([]);
  });
});
