import { describe, expect, test } from "bun:test";
import type { PlanFilter } from "./plan.ts";
import { arg, filter, match, plan, values, type Spec } from "./test-plan.ts";
import { bytesText } from "./value-text.ts";

describe("integers", () => {
  const int = [arg(0, "int")];
  const cases: readonly [string, PlanFilter, PlanFilter["kind"], unknown[]][] = [
    [
      "Equal",
      filter(int, match("Equal", ["1", "-2"])),
      "int_equal",
      [
        [1n, 0n],
        [-2n, 0n],
      ],
    ],
    ["InRange", filter(int, match("InRange", ["1:5"])), "int_range", [[1n, 5n]]],
    [
      "InMap with a range",
      filter(int, match("InMap", ["7", "1:5"])),
      "int_range",
      [
        [7n, 7n],
        [1n, 5n],
      ],
    ],
    ["GT", filter(int, match("GT", ["5"])), "int_range", [[6n, 2147483647n]]],
    ["LT", filter(int, match("LT", ["-5"])), "int_range", [[-2147483648n, -6n]]],
    ["LT of a type without a sign", filter([arg(0, "uint8")], match("LT", ["3"])), "int_range", [[0n, 2n]]],
    ["GT of 64 bits without a sign", filter([arg(0, "uint64")], match("GT", ["0"])), "int_range", [[1n, -1n]]],
    ["GT that nothing passes", filter([arg(0, "uint8")], match("GT", ["255"])), "int_range", []],
    ["Mask", filter(int, match("Mask", ["0x40"])), "int_mask", [[64n, 0n]]],
  ];
  test.each(cases)("%s", (_, found, kind, expected) => {
    expect(found.kind).toBe(kind);
    expect(values(found)).toEqual(expected);
  });

  test("NotEqual negates", () => expect(filter(int, match("NotEqual", ["1"])).flags).toEqual(["not"]));

  test("a list of calls stays names", () => {
    const { hooks } = plan({
      lists: [
        { name: "some", type: "syscalls", values: ["sys_dup", "i386/sys_dup2"] },
        { name: "all", type: "generated_syscalls" },
      ],
      tracepoints: [
        {
          subsystem: "raw_syscalls",
          event: "sys_enter",
          args: [arg(4, "syscall64")],
          selectors: [match("InMap", ["list:some"]), match("InMap", ["list:all"])],
        },
      ],
    });
    expect(hooks[0]!.selectors.map((s) => values(s.filters[0]!))).toEqual([["sys_dup", "i386/sys_dup2"], ["*"]]);
  });
});

describe("texts, sockets, files", () => {
  const cases: readonly [string, PlanFilter, PlanFilter["kind"], unknown[]][] = [
    ["Equal", filter([arg(0, "string")], match("Equal", ["a", "b"])), "str_equal", ["a", "b"]],
    ["Prefix", filter([arg(0, "file")], match("Prefix", ["/etc/"])), "str_prefix", ["/etc/"]],
    ["Postfix", filter([arg(0, "path")], match("Postfix", [".so"])), "str_postfix", [".so"]],
    ["SubString", filter([arg(0, "string")], match("SubString", ["Ab"])), "str_substring", ["Ab"]],
    ["SubStringIgnCase", filter([arg(0, "string")], match("SubStringIgnCase", ["Ab"])), "str_substring_nocase", ["ab"]],
    [
      "SPort",
      filter([arg(0, "sock")], match("SPort", ["80", "1:9"])),
      "sport",
      [
        [80n, 80n],
        [1n, 9n],
      ],
    ],
    [
      "DPortPriv",
      filter([arg(0, "sock")], { matchArgs: [{ index: 0, operator: "DPortPriv" }] }),
      "dport",
      [[0n, 1023n]],
    ],
    ["Protocol", filter([arg(0, "sock")], match("Protocol", ["IPPROTO_TCP"])), "protocol", [[6n, 0n]]],
    ["Family", filter([arg(0, "sock")], match("Family", ["AF_INET6"])), "family", [[10n, 0n]]],
    ["State", filter([arg(0, "sock")], match("State", ["TCP_LISTEN"])), "state", [[10n, 0n]]],
    ["FileType", filter([arg(0, "file")], match("FileType", ["dir"])), "file_type", [[0x4000n, 0n]]],
  ];
  test.each(cases)("%s", (_, found, kind, expected) => {
    expect(found.kind).toBe(kind);
    expect(values(found)).toEqual(expected);
  });

  test("addresses are bytes and a length", () => {
    const found = filter([arg(0, "sock")], match("DAddr", ["10.1.0.0/16", "::1"]));
    expect(found.kind).toBe("daddr");
    expect(found.values.map(({ a, text }) => [a, text.toHex()])).toEqual([
      [16n, "0a010000"],
      [128n, "00000000000000000000000000000001"],
    ]);
  });

  test("an argument of type auto has both readings", () => {
    const { hooks } = plan({
      tracepoints: [{ subsystem: "a", event: "b", args: [arg(0, "auto")], selectors: [match("Equal", ["12"])] }],
    });
    const found = hooks[0]!.selectors[0]!.filters[0]!;
    expect([found.kind, found.sub]).toEqual(["str_equal", 1]);
    expect(found.values.map(({ a, b, text }) => [a, b, bytesText(text)])).toEqual([[12n, 12n, "12"]]);
  });

  test("CapabilitiesGained names both arguments", () => {
    const args = [arg(0, "cap_effective"), arg(1, "cap_effective")];
    const selector = { matchArgs: [{ args: [1, 0], operator: "CapabilitiesGained", values: ["CAP_CHOWN"] }] };
    expect(filter(args, selector)).toMatchObject({ kind: "caps_gained", arg: 1, sub: 0, values: [{ a: 1n }] });
  });
});

describe("expressions", () => {
  const code = (expression: string, types: readonly string[]): string[] =>
    filter(
      types.map((type, i) => arg(i, type)),
      { matchArgs: [{ operator: "CelExpr", values: [expression] }] },
    ).code.map(({ op, arg: position, value }) => (op === "const" ? `${value}` : op === "arg" ? `arg${position}` : op));

  test("become stack code", () => {
    expect(code("arg0 == arg1 && arg0 > int32(5)", ["int", "int"])).toEqual([
      "arg0",
      "arg1",
      "eq",
      "5",
      "arg0",
      "lt_s",
      "logic_and",
    ]);
  });

  test("compare and compute as their types do", () => {
    expect(code("arg0 + arg1 <= uint32(7)", ["uint32", "uint32"])).toEqual([
      "arg0",
      "arg1",
      "add",
      "uint32",
      "7",
      "le_u",
    ]);
  });

  test("a position in data comes behind the args", () => {
    const data = [{ index: 0, type: "int", source: "current_task", resolve: "pid" }];
    const found = filter([arg(0, "int")], { matchData: [{ index: 0, operator: "Equal", values: ["1"] }] }, { data });
    expect(found.arg).toBe(1);
  });
});

describe("filters on the process", () => {
  const of = (selector: Spec): PlanFilter => filter([arg(0, "int")], selector);
  test("pids", () => {
    const pids = { operator: "NotIn", values: [1], isNamespacePID: true, followForks: true };
    expect(of({ matchPIDs: [pids] })).toMatchObject({ kind: "pid", flags: ["not", "follow", "namespace_pid"] });
  });
  test("binaries", () => {
    const found = of({ matchBinaries: [{ operator: "In", values: ["/bin/a"], followChildren: true }] });
    expect([found.kind, found.flags, values(found)]).toEqual(["binary_equal", ["follow"], ["/bin/a"]]);
    const parents = of({ matchParentBinaries: [{ operator: "NotPrefix", values: ["/bin/"] }] });
    expect([parents.kind, parents.flags]).toEqual(["binary_prefix", ["not", "parent"]]);
  });
  test("namespaces", () => {
    const found = of({ matchNamespaces: [{ namespace: "Net", operator: "In", values: ["host_ns", "4026531840"] }] });
    expect([found.kind, found.sub, values(found)]).toEqual([
      "namespace",
      5,
      [
        [0n, 1n],
        [4026531840n, 0n],
      ],
    ]);
    const changed = of({ matchNamespaceChanges: [{ operator: "In", values: ["User", "Uts"] }] });
    expect([changed.kind, values(changed)]).toEqual([
      "namespace_change",
      [
        [9n, 0n],
        [0n, 0n],
      ],
    ]);
  });
  test("capabilities", () => {
    const caps = { type: "Permitted", operator: "In", isNamespaceCapability: true, values: ["CAP_CHOWN", "CAP_BPF"] };
    expect(of({ matchCapabilities: [caps] })).toMatchObject({
      kind: "capability",
      sub: 2,
      flags: ["in_namespace"],
      values: [{ a: (1n << 39n) | 1n }],
    });
  });
});
