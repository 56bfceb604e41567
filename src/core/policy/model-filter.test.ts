import { describe, expect, test } from "bun:test";
import { fixture, HEAD, hookOf, policyOf } from "../../../test/harness/policy-text.ts";
import type { Filter } from "./model-filter.ts";

/** The only filter of `operator` on one argument of `type`. */
function filterOf(type: string, operator: string, values: readonly string[]): Filter {
  const filter = `{index: 0, operator: ${operator}, values: ${JSON.stringify(values)}}`;
  const hook = hookOf(
    `{call: f, syscall: false, args: [{index: 0, type: ${type}}], selectors: [{matchArgs: [${filter}]}]}`,
  );
  return hook.selectors[0]!.filters[0]!;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const range = (min: bigint, max = min): object => ({ min, max });

describe("filters", () => {
  test("integers become ranges, in any base", () => {
    const values = ["1", "0x10", "010", "-1"];
    expect(filterOf("int", "Equal", values)).toMatchObject({
      kind: "intSet",
      negate: false,
      ranges: [range(1n), range(16n), range(8n), range(-1n)],
      calls: [],
    });
    expect(filterOf("int", "NotInMap", ["7", "3:9", "010"])).toMatchObject({
      negate: true,
      ranges: [range(7n), range(3n, 9n), range(10n)],
    });
    expect(filterOf("uint64", "InRange", ["0:0xffffffffffffffff"])).toMatchObject({
      ranges: [range(0n, (1n << 64n) - 1n)],
    });
    expect(filterOf("int", "LT", ["5"])).toMatchObject({ kind: "intCompare", op: "LT", values: [5n] });
    expect(filterOf("int", "GreaterThan", ["5"])).toMatchObject({ kind: "intCompare", op: "GT" });
  });

  test("capabilities become bits", () => {
    expect(filterOf("cap_effective", "Equal", ["CAP_CHOWN,CAP_SYS_ADMIN"])).toMatchObject({
      ranges: [range((1n << 21n) | 1n)],
    });
    expect(filterOf("capability", "Equal", ["CAP_SYS_ADMIN"])).toMatchObject({ ranges: [range(21n)] });
  });

  test("texts lose the NUL of C, buffers keep it", () => {
    const equal = filterOf("string", "Equal", ["name\u0000"]);
    expect(equal.kind === "string" && equal.values.map(text)).toEqual(["name"]);
    const buffer = filterOf("char_buf", "Prefix", ["AELF\u0000"]);
    expect(buffer.kind === "string" && buffer.values[0]!.length).toBe(5);
    expect(filterOf("file", "SubStringIgnCase", ["Key"])).toMatchObject({ op: "SubString", ignoreCase: true });
    expect(filterOf("file", "NotPostfix", ["x"])).toMatchObject({ op: "Postfix", negate: true });
  });

  test("sockets: ports, networks and names become numbers", () => {
    expect(filterOf("sock", "NotSportPriv", [])).toMatchObject({
      kind: "port",
      side: "source",
      negate: true,
      ranges: [{ min: 0, max: 1023 }],
    });
    expect(filterOf("skb", "DPort", ["80", "8000:8099"])).toMatchObject({
      side: "destination",
      ranges: [
        { min: 80, max: 80 },
        { min: 8000, max: 8099 },
      ],
    });
    expect(filterOf("sock", "DAddr", ["10.1.2.3/8"])).toMatchObject({
      networks: [{ family: 4, bytes: Uint8Array.of(10, 0, 0, 0), prefixBits: 8 }],
    });
    expect(filterOf("sock", "State", ["TCP_LISTEN"])).toMatchObject({ field: "state", ranges: [{ min: 10, max: 10 }] });
    expect(filterOf("sockaddr", "Family", ["AF_INET6"])).toMatchObject({ ranges: [{ min: 10, max: 10 }] });
  });

  test("an argument whose type comes later keeps both readings", () => {
    const filter = (values: string): Filter =>
      policyOf(
        `${HEAD}  tracepoints:\n  - {subsystem: a, event: b, args: [{index: 5}], selectors: [{matchArgs: [{index: 5, operator: Equal, values: ${values}}]}]}\n`,
      ).hooks[0]!.selectors[0]!.filters[0]!;
    expect(filter('["7"]')).toMatchObject({ kind: "auto", ranges: [range(7n)] });
    expect(filter('["7", "x"]')).not.toHaveProperty("ranges");
  });

  test("refer to values by their place in args", () => {
    const hook = hookOf(
      "{call: f, syscall: false, args: [{index: 3, type: int}, {index: 1, type: file}], selectors: [{matchArgs: [{index: 1, operator: Prefix, values: [/a]}, {args: [0], operator: Equal, values: ['1']}]}]}",
    );
    expect(hook.selectors[0]!.filters).toMatchObject([
      { arg: { from: "args", slot: 1, type: "file" } },
      { arg: { from: "args", slot: 0, type: "int" } },
    ]);
  });

  test("of a tracepoint take its field index, or the place in args", () => {
    const slots = (index: number): Filter =>
      policyOf(
        `${HEAD}  tracepoints:\n  - {subsystem: a, event: b, args: [{index: 7, type: int}, {index: 0, type: long}], selectors: [{matchArgs: [{index: ${index}, operator: Equal, values: ["1"]}]}]}\n`,
      ).hooks[0]!.selectors[0]!.filters[0]!;
    expect(slots(7)).toMatchObject({ arg: { slot: 0 } });
    expect(slots(0)).toMatchObject({ arg: { slot: 1 } });
    expect(slots(1)).toMatchObject({ arg: { slot: 1 } });
  });

  test("on the process", () => {
    const { hooks } = fixture("processes");
    expect(hooks[0]!.selectors[0]!.filters).toMatchObject([
      { kind: "pids", negate: true, values: [0, 1, 2, 3, 4, 5], isNamespacePid: true, followForks: true },
      { kind: "binaries", parent: false, op: "In", negate: true, followChildren: true },
      { kind: "binaries", parent: true, op: "Postfix", negate: false },
      { kind: "namespace", namespace: "pid", negate: true, values: ["host"] },
      { kind: "namespace", namespace: "time_for_children", values: [4026531834, "host"] },
      { kind: "capabilities", set: "effective", mask: (1n << 7n) | (1n << 21n) },
      { kind: "capabilities", set: "permitted", negate: true, isNamespaceCapability: true, mask: 1n << 39n },
    ]);
    expect(hooks[0]!.selectors[1]!.filters).toMatchObject([
      { kind: "namespaceChanges", namespaces: ["mnt", "user"] },
      { kind: "capabilityChanges", mask: 1n << 13n },
    ]);
    expect(hooks[0]!.selectors[2]!.filters).toMatchObject([
      {
        kind: "workload",
        scope: {
          pod: { requirements: [{ key: "app", op: "In", values: ["shop"] }] },
          container: { requirements: [{ key: "name", op: "NotIn", values: ["sidecar"] }] },
        },
      },
    ]);
  });

  test("carry their place in the text", () => {
    const filter = "{operator: Equal, values: ['1']}";
    const kprobe = `{call: f, syscall: false, args: [{index: 0, type: int}], selectors: [{matchArgs: [${filter}]}]}`;
    const hook = hookOf(kprobe);
    expect(hook.at).toEqual({ line: 7, column: 5 });
    expect(hook.selectors[0]!.filters[0]!.at).toEqual({ line: 7, column: 5 + kprobe.indexOf(filter) });
  });
});
