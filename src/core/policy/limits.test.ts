import { describe, expect, test } from "bun:test";
import { HEAD } from "../../../test/harness/policy-text.ts";
import { checkPolicyText } from "./check.ts";
import type { Problem } from "./report.ts";

function problemsOf(spec: string): readonly Problem[] {
  return checkPolicyText(`${HEAD}${spec}`).documents.flatMap((d) => d.problems);
}

/** Rules and lines of what is told. */
function told(spec: string): readonly string[] {
  return problemsOf(spec).map((p) => `${p.line} ${p.severity} ${p.rule}`);
}

const action = (text: string): string =>
  `  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchActions:\n      - {${text}}\n`;
const filter = (type: string, text: string): string =>
  `  kprobes:\n  - call: sys_dup\n    args:\n    - {index: 0, type: ${type}}\n    selectors:\n    - matchArgs:\n      - {index: 0, ${text}}\n`;

describe("what is too large", () => {
  test("selectors of workloads", () => {
    expect(told(`  podSelector:\n    matchLabels: {${"k".repeat(32_768)}: v}\n  loader: true\n`)).toEqual([
      "6 error labels.too-large",
    ]);
  });

  test("digests of a program", () => {
    const digests = (count: number): string =>
      `  uprobes:\n  - path: /bin/true\n    symbols: [main]\n    binaryDigests: [${Array.from({ length: count }, () => `"sha256:${"0".repeat(64)}"`).join(", ")}]\n`;
    expect(told(digests(56))).toEqual([]);
    expect(told(digests(57))).toEqual(["9 error uprobe.too-many-digests"]);
  });

  const list = (count: number): string =>
    `  lists:\n  - name: calls\n    values: [${Array.from({ length: count }, (_, i) => `f${i}`).join(", ")}]\n`;

  test("hooks, without making any", () => {
    const one = "  - {call: 'list:calls', syscall: false}\n";
    expect(told(`${list(4096)}  kprobes:\n${one}`)).toEqual([]);
    expect(told(`${list(4097)}  kprobes:\n${one}`)).toEqual(["10 error policy.too-large"]);
    const many = problemsOf(`${list(4000)}  kprobes:\n${one}${one.replace("}", ", message: again}")}`);
    expect(many.find((p) => p.severity === "error")).toMatchObject({ rule: "policy.too-large", line: 11 });
  });

  test("numbers of sockets, of which each counts once", () => {
    const numbers = (count: number): string =>
      filter("sock", `operator: Protocol, values: [${Array.from({ length: count }, () => '"0:65535"').join(", ")}]`);
    expect(told(numbers(5000))).toEqual([]);
  });

  test("what shared selectors come to", () => {
    const numbers = Array.from({ length: 5000 }, (_, i) => `"${i * 2}"`).join(", ");
    const hook = `  - call: list:calls\n    syscall: false\n    args: [{index: 0, type: int}]\n    selectors: [{matchArgs: [{index: 0, operator: InMap, values: [${numbers}]}]}]\n`;
    expect(told(`${list(100)}  kprobes:\n${hook}`)).toEqual([]);
    expect(told(`${list(4000)}  kprobes:\n${hook}`)).toEqual(["10 error policy.too-large"]);
  });
});

describe("what does nothing is told, where it stands", () => {
  test.each([
    [action("action: Sigkill, argSig: 3"), "10 warning action.unused-field"],
    [action("action: Post, argError: -1"), "10 warning action.unused-field"],
    [action("action: Post, rateLimit: '0'"), "10 warning action.rate-limit"],
    [action("action: Post, rateLimit: '4294968'"), "10 warning action.rate-limit"],
    [action("action: Override"), "10 warning action.override-no-error"],
    [action("action: GetUrl, argUrl: http://a"), "10 warning action.not-offered"],
    [filter("uint8", "operator: GT, values: ['255']"), "12 warning filter.never"],
    [filter("int", "operator: LT, values: ['-2147483648']"), "12 warning filter.never"],
    [filter("int", "operator: Mask, values: ['0']"), "12 warning filter.never"],
    ["  options:\n  - {name: override-method, value: fmod-ret}\n  loader: true\n", "7 warning options.unused"],
    ["  options:\n  - {name: sleepable-preload-size, value: '8'}\n  loader: true\n", "7 warning options.unused"],
    ["  options:\n  - {name: disable-uprobe-multi, value: 'true'}\n  loader: true\n", "7 warning options.unused"],
    ["  lists:\n  - name: a\n    values: [b]\n    validated: true\n  loader: true\n", "9 warning lists.unused-field"],
    ["  lists:\n  - name: a\n    values: [b]\n    pattern: c\n  loader: true\n", "9 warning lists.unused-field"],
    ["  enforcers:\n  - calls: [sys_dup]\n  loader: true\n", "7 warning enforcers.unused"],
    ["  kprobes:\n  - call: sys_dup\n    selectors:\n    - label: a\n", "9 warning selectors.label"],
    [
      "  kprobes:\n  - call: sys_dup\n    args:\n    - {index: 0, type: int, maxData: true}\n",
      "9 warning args.max-data",
    ],
    [
      "  kprobes:\n  - call: sys_read\n    args:\n    - {index: 1, type: char_buf, maxData: true}\n",
      "9 warning args.max-data",
    ],
    [
      "  kprobes:\n  - call: sys_read\n    args:\n    - {index: 1, type: char_buf, sizeArgIndex: 7}\n",
      "9 warning args.size-arg",
    ],
    [
      "  kprobes:\n  - call: sys_read\n    args:\n    - {index: 0, type: int, sizeArgIndex: 3}\n",
      "9 warning args.size-arg",
    ],
    [
      "  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchBinaries:\n      - {operator: In, values: [cat]}\n",
      "10 warning binaries.relative-path",
    ],
    [
      "  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchNamespaces:\n      - {namespace: Pid, operator: In, values: []}\n",
      "10 warning filter.no-values",
    ],
    [
      "  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchCapabilities:\n      - {operator: NotIn, values: []}\n",
      "10 warning filter.no-values",
    ],
    ["  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchWorkloads: {}\n", "9 warning filter.no-values"],
    [
      "  uprobes:\n  - path: /bin/true\n    symbols: [a]\n    selectors:\n    - matchActions:\n      - {action: Override, argRegs: [rax=1]}\n",
      "11 warning action.not-offered",
    ],
  ])("case %#", (spec, wanted) => expect(told(spec)).toEqual([wanted]));

  test("an enforcer without calls", () => {
    expect(told("  enforcers:\n  - calls: []\n  loader: true\n")).toContain("7 warning enforcers.empty");
  });
});

describe("hints", () => {
  const hintOf = (spec: string): string => problemsOf(spec).find((p) => p.severity === "error")?.hint ?? "";
  test("names of sockets are found without what all begin with", () => {
    expect(hintOf(filter("sock", "operator: Protocol, values: [TCP]"))).toBe("Did you mean 'IPPROTO_TCP'?");
    expect(hintOf(filter("sock", "operator: Protocol, values: [IPPROTO_SCTB]"))).toBe("Did you mean 'IPPROTO_SCTP'?");
    expect(hintOf(filter("sock", "operator: Protocol, values: [IPPROTO_FOO]"))).not.toContain("Did you mean");
    expect(hintOf(filter("sock", "operator: Family, values: [AF_FOO]"))).not.toContain("Did you mean");
    expect(hintOf(filter("sock", "operator: Family, values: [INET]"))).toBe("Did you mean 'AF_INET'?");
    expect(hintOf(filter("sock", "operator: State, values: [LISTEN]"))).toBe("Did you mean 'TCP_LISTEN'?");
  });

  test("a type nothing is like: all there are", () => {
    expect(hintOf(filter("bogus_type_xyz", "operator: Equal"))).toContain("Known: auto, int,");
  });
});

test("what a key says twice does not hide what else is wrong", () => {
  const spec =
    "  kprobes:\n  - call: sys_dup\n    call: sys_dup2\n    args:\n    - {index: 0, type: fil}\n    - {index: 256, type: int}\n";
  expect(told(spec)).toEqual(["8 error yaml.duplicate-key", "10 error schema.unknown-value", "11 error args.index"]);
  expect(told(`${spec}  - call: sys_${"a".repeat(200)}\n`)).toContain("12 error call.name");
});

test("two policies of one name: the second is refused, one of another namespace is another", () => {
  const one = `${HEAD}  loader: true\n`;
  const report = checkPolicyText(`${one}---\n${one}---\n${one.replace("TracingPolicy", "TracingPolicyNamespaced")}`);
  expect(report.documents.map((d) => d.verdict)).toEqual(["valid", "invalid", "valid"]);
  expect(report.documents[1]!.problems).toMatchObject([{ rule: "policy.duplicate-name", line: 8 }]);
});

test("a selector of containers without its key is told once, and nothing more of it", () => {
  expect(told("  containerSelector:\n    matchExpressions:\n    - {operator: Exists}\n  loader: true\n")).toEqual([
    "8 error schema.missing-field",
  ]);
});

test("more process ids than other loaders take: a word, at the fifth", () => {
  const pids = (values: string): string =>
    `  kprobes:\n  - call: sys_dup\n    selectors:\n    - matchPIDs:\n      - {operator: In, values: [${values}]}\n`;
  expect(told(pids("1, 2, 3, 4"))).toEqual([]);
  expect(problemsOf(pids("1, 2, 3, 4, 5"))).toMatchObject([{ severity: "warning", rule: "pids.many", column: 45 }]);
});

describe("ranges beyond the type", () => {
  const int = (text: string): string => filter("int", text);
  test.each(["InRange", "NotInRange", "InMap", "NotInMap"])("%s: cut, with a warning", (operator) => {
    const spec = int(`operator: ${operator}, values: ['1879048189:4294967295']`);
    expect(told(spec)).toEqual(["12 warning filter.cut"]);
    const { policy } = checkPolicyText(`${HEAD}${spec}`).documents[0]!;
    expect(policy?.hooks[0]?.selectors[0]?.filters[0]).toMatchObject({
      ranges: [{ min: 1879048189n, max: 2147483647n }],
    });
  });

  test("one with no value in it is left out, the others stay", () => {
    const spec = filter("uint8", "operator: NotInMap, values: ['4294967295', '-5:-1', '-1:1', '250:300', '7']");
    expect(told(spec)).toEqual(Array.from({ length: 4 }, () => "12 warning filter.cut"));
    const { policy } = checkPolicyText(`${HEAD}${spec}`).documents[0]!;
    expect(policy?.hooks[0]?.selectors[0]?.filters[0]).toMatchObject({
      ranges: [
        { min: 0n, max: 1n },
        { min: 250n, max: 255n },
        { min: 7n, max: 7n },
      ],
    });
  });

  test.each(["Equal", "NotEqual", "GT", "LT", "Mask"])("%s: an error", (operator) => {
    expect(told(int(`operator: ${operator}, values: ['4294967295']`))).toEqual(["12 error filter.out-of-range"]);
  });
});
