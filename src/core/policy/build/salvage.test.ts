import { describe, expect, test } from "bun:test";
import { checkPolicyText } from "../check.ts";

const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: faults\nspec:\n";
/** The errors of a hook, each with its line below `spec` and its rule. */
const errors = (hook: string): string[] =>
  checkPolicyText(HEAD + hook).documents.flatMap(({ problems }) =>
    problems.filter((p) => p.severity === "error").map((p) => `${p.line - 5} ${p.rule}`),
  );

const FAULTS = `  kprobes:
  - call: sys_openat
    mesage: typo
    args:
    - {index: 0, type: int}
    - {index: 1, type: string}
    selectors:
    - matchArgs:
      - {index: 0, operator: Equal, values: ["1", "2", "3", "4", "5"]}
      - {index: 1, operator: GT, values: [x]}
      matchPIDs:
      - {operator: In, followfork: true, values: [1]}
    - matchArgs:
      - {index: 9, operator: Equal, values: ["1"]}
      matchActions:
      - {action: Override, argError: 70000}
      - {action: Sigkil}
`;

describe("of a hook with misfits inside", () => {
  test("every other fault is told, too", () => {
    expect(errors(FAULTS)).toEqual([
      "3 schema.unknown-field",
      "9 filter.too-many-values",
      "10 filter.type-mismatch",
      "12 schema.unknown-field",
      "14 filter.unknown-index",
      "16 action.error",
      "17 schema.unknown-value",
    ]);
  });

  test.each([
    ["an argument", "{index: 1, type: sting}"],
    ["an argument without its index", "{type: string}"],
    ["an argument that is no mapping", "string"],
  ])("what refers to %s that does not fit is not told again", (_, arg) => {
    const hook = (of: string): string => `  kprobes:
  - call: sys_openat
    args: [${of}]
    selectors:
    - matchArgs:
      - {index: 1, operator: Equal, values: [/etc/x]}
      matchActions:
      - {action: Override, argError: 70000}
`;
    expect(errors(hook("{index: 1, type: string}"))).toEqual(["8 action.error"]);
    expect(errors(hook(arg)).map((line) => line.replace(/schema\..*/, "schema"))).toEqual([
      "3 schema",
      "8 action.error",
    ]);
  });

  test("nor what refers to a list that is misspelt", () => {
    const hook = `  kprobes:
  - call: sys_openat
    arg:
    - {index: 1, type: string}
    selectors:
    - matchArgs:
      - {index: 1, operator: Equal, values: [/etc/x]}
      matchActions:
      - {action: Signal, argSig: 99}
`;
    expect(errors(hook)).toEqual(["3 schema.unknown-field", "9 action.signal"]);
  });

  test("a return value that is not described hides what is wrong with it, and no more", () => {
    const hook = `  kprobes:
  - call: sys_openat
    return: true
    selectors:
    - matchReturnArgs:
      - {operator: Equal, values: ["1"]}
      matchActions:
      - {action: Signal, argSig: 99}
`;
    expect(errors(hook)).toEqual(["3 return.no-return-arg", "8 action.signal"]);
  });

  test("a hook without a name is not looked at", () => {
    expect(errors("  kprobes:\n  - args: [{index: 300, type: int}]\n")).toEqual(["2 schema.missing-field"]);
  });
});

describe("beside what does not fit, the rest is told", () => {
  const USED = "  kprobes:\n  - call: list:calls\n    syscall: true\n    selectors:\n    - macros: [quiet]\n";

  test("of a list", () => {
    expect(errors(`  lists:\n  - name: calls\n    type: syscalls\n    vales: 1\n    validatd: true\n`)).toEqual([
      "4 schema.unknown-field",
      "5 schema.unknown-field",
    ]);
    expect(
      errors(`  lists:\n  - {name: calls, type: syscalls, values: [sys_openat, nonsense], typo: 1}\n${USED}`),
    ).toEqual(["2 lists.value", "2 schema.unknown-field", "7 macros.unknown"]);
    expect(errors(`  lists:\n  - {name: calls, type: generated_ftrace, pattern: "(", typo: 1}\n`)).toEqual([
      "2 lists.pattern",
      "2 schema.unknown-field",
    ]);
  });

  test("of a list whose values or pattern are what does not fit, nothing that follows from it", () => {
    expect(errors(`  lists:\n  - {name: calls, type: generated_ftrace, patern: "^a"}\n`)).toEqual([
      "2 schema.unknown-field",
    ]);
    expect(errors(`  lists:\n  - {name: calls, type: generated_ftrace, pattern: [a]}\n`)).toEqual(["2 schema.type"]);
    expect(errors(`  lists:\n  - {name: calls, type: syscalls, values: [sys_openat, {a: 1}, nonsense]}\n`)).toEqual([
      "2 schema.type",
    ]);
  });

  test("of a macro, where it is used", () => {
    const macro = (more: string): string => `  selectorsMacros:
    quiet:
      matchPIDs:
      - {operator: In, followfork: true, values: [1]}
      matchArgs:
      - {index: 9, operator: Equal, values: ["1"]}
${more}  kprobes:
  - call: sys_openat
    selectors:
    - macros: [quiet]
`;
    expect(errors(macro(""))).toEqual(["4 schema.unknown-field", "6 filter.unknown-index"]);
  });

  test("of an enforcer", () => {
    expect(errors("  enforcers:\n  - calls: [sys_nonsense, '']\n    typo: 1\n")).toEqual([
      "2 enforcers.call",
      "3 schema.unknown-field",
    ]);
    expect(errors("  enforcers:\n  - cals: [sys_nonsense]\n")).toEqual([
      "2 schema.unknown-field",
      "2 schema.missing-field",
    ]);
  });
});
