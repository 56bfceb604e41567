import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ARG_TYPES } from "./arg-types.ts";
import { checkPolicyText } from "./check.ts";
import type { Hook, Policy } from "./model.ts";
import type { Filter } from "./model-filter.ts";
import { ARG_OPERATORS } from "./schema/selector.ts";

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/policies/valid");
const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: sample\nspec:\n";

function policyOf(text: string): Policy {
  const [document] = checkPolicyText(text).documents;
  expect(document!.problems.filter((p) => p.severity === "error")).toEqual([]);
  return document!.policy!;
}

function fixture(name: string): Policy {
  return policyOf(readFileSync(join(FIXTURES, `${name}.yaml`), "utf8"));
}

function hookOf(kprobe: string): Hook {
  return policyOf(`${HEAD}  kprobes:\n  - ${kprobe}\n`).hooks[0]!;
}

/** The only filter of `operator` on one argument of `type`. */
function filterOf(type: string, operator: string, values: readonly string[]): Filter {
  const filter = `{index: 0, operator: ${operator}, values: ${JSON.stringify(values)}}`;
  const hook = hookOf(
    `{call: f, syscall: false, args: [{index: 0, type: ${type}}], selectors: [{matchArgs: [${filter}]}]}`,
  );
  return hook.selectors[0]!.filters[0]!;
}

function rulesOf(text: string): readonly string[] {
  return checkPolicyText(text).documents.flatMap((d) => d.problems.map((p) => p.rule));
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const range = (min: bigint, max = min): object => ({ min, max });

describe("calls", () => {
  test("are syscalls unless the text says otherwise", () => {
    expect(hookOf("{call: sys_write}")).toMatchObject({
      isSyscall: true,
      target: { kind: "syscalls", names: [{ name: "sys_write", abi: "native" }] },
    });
    expect(hookOf("{call: i386/sys_write}")).toMatchObject({ target: { names: [{ name: "sys_write", abi: "i386" }] } });
    expect(hookOf("{call: __x64_sys_write}")).toMatchObject({ target: { names: [{ name: "sys_write", abi: "x64" }] } });
    expect(hookOf("{call: __x64_sys_write, syscall: false}")).toMatchObject({
      isSyscall: false,
      target: { kind: "functions", names: ["__x64_sys_write"] },
    });
  });

  test("take lists apart", () => {
    const { hooks, enforcers, options } = fixture("lists");
    expect(hooks.map((h) => ("target" in h ? h.target.kind : h.kind))).toEqual([
      "syscalls",
      "generatedFtrace",
      "functions",
      "functions",
      "tracepoint",
    ]);
    expect(enforcers[0]!.calls.map((c) => c.kind)).toEqual(["syscalls", "syscalls", "functions"]);
    expect(options).toEqual({
      disableKprobeMulti: true,
      disableUprobeMulti: false,
      policyMode: "monitor",
      overrideMethod: "fmodRet",
      sleepablePreloadSize: 4096,
    });
  });
});

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

describe("macros", () => {
  test("add their filters, actions and label", () => {
    const [ptrace, mount] = fixture("macros").hooks;
    expect(ptrace!.selectors).toMatchObject([
      {
        label: "from-a-shell",
        filters: [{ kind: "intSet" }, { kind: "binaries" }, { kind: "namespace" }],
        actions: [{ kind: "post", rateLimit: { intervalMs: 300_000, scope: "thread" } }],
      },
    ]);
    expect(mount!.selectors).toMatchObject([{ filters: [{ kind: "binaries" }] }, { filters: [] }]);
  });
});

describe("actions", () => {
  test("of uprobes set registers or jump", () => {
    const hook = fixture("user-space").hooks[1]!;
    expect(hook.selectors[0]!.actions).toMatchObject([
      {
        kind: "override",
        argError: 7,
        regs: [
          { register: "rax", value: { kind: "constant", value: 11n } },
          { register: "rdi", value: { kind: "register", register: "rsi", offset: 0n } },
          { register: "rsp", value: { kind: "register", register: "rsp", offset: 8n } },
          { register: "rip", value: { kind: "memory", register: "rsp", offset: 0n } },
          { register: "rip", value: { kind: "memory", register: "rsp", offset: 8n } },
        ],
      },
    ]);
    expect(hook.selectors[1]!.actions).toMatchObject([{ jump: { kind: "symbol", symbol: "safe_variant" } }]);
  });

  test("default to Post", () => {
    expect(hookOf("{call: sys_a, selectors: [{}]}").selectors[0]!.actions).toMatchObject([{ kind: "post" }]);
  });

  test("find the number of the syscall", () => {
    expect(fixture("lists").hooks[4]!.selectors[0]!.actions).toMatchObject([
      { kind: "notifyEnforcer", argError: -1, signal: 9, syscallSlot: 0 },
    ]);
  });
});

describe("hooks", () => {
  test("of user space keep 64-bit places", () => {
    const [bash, app] = fixture("user-space").hooks;
    expect(bash).toMatchObject({
      targets: [
        { kind: "symbol", symbol: "readline", offset: 0n, refCtrOffset: 16n },
        { kind: "symbol", symbol: "main", offset: 16n, refCtrOffset: 32n },
      ],
      hasReturn: true,
      data: [{ source: "pt_regs", register: "rdi" }],
      binaryDigests: [{ algorithm: "sha256" }, { algorithm: "build-id", hex: "0a1b2c3d" }],
    });
    expect(app).toMatchObject({ targets: [{ address: (1n << 64n) - 1n }, { address: 4_198_400n }] });
  });

  test("that repeat one above are joined, with a warning", () => {
    const one =
      "{hook: file_open, args: [{index: 0, type: file}], selectors: [{matchArgs: [{operator: Prefix, values: [/a]}]}]}";
    const two = one.replace("/a", "/b");
    const text = `${HEAD}  lsmhooks:\n  - ${one}\n  - ${two}\n  - {hook: file_open, args: [{index: 0, type: file}]}\n  - {hook: file_open}\n`;
    const policy = policyOf(text);
    expect(policy.hooks.map((h) => h.selectors.length)).toEqual([3, 0]);
    expect(policy.hooks[0]!.selectors[2]).toMatchObject({ filters: [], actions: [{ kind: "post" }] });
    expect(rulesOf(text)).toEqual(["hooks.merged", "hooks.merged", "hooks.same-point"]);
  });

  test("cut their message to 256 bytes, not within a character", () => {
    const hook = hookOf(`{call: sys_a, message: "${"é".repeat(200)}"}`);
    expect(hook.message).toBe("é".repeat(128));
    expect(rulesOf(`${HEAD}  kprobes:\n  - {call: sys_a, message: "${"m".repeat(257)}"}\n`)).toEqual([
      "message.too-long",
    ]);
  });
});

describe("warnings", () => {
  test.each([
    ["options.unknown", "options: [{name: policy-mod, value: enforce}]"],
    ["lsm.prefix", "lsmhooks: [{hook: security_file_open}]"],
    [
      "filter.relative-path",
      "lsmhooks: [{hook: a, args: [{index: 0, type: file}], selectors: [{matchArgs: [{operator: Equal, values: [shadow]}]}]}]",
    ],
    [
      "filter.no-values",
      "lsmhooks: [{hook: a, args: [{index: 0, type: file}], selectors: [{matchArgs: [{operator: Equal}]}]}]",
    ],
    ["action.ima-hash", "kprobes: [{call: sys_a, selectors: [{matchActions: [{action: Post, imaHash: true}]}]}]"],
    ["lists.duplicate-name", "lists: [{name: a, values: [f]}, {name: a, values: [g]}]"],
    ["return.unused", "kprobes: [{call: sys_a, returnArg: {index: 0, type: int}}]"],
  ])("%s leaves a policy valid", (rule, body) => {
    const text = `${HEAD}  loader: true\n  ${body}\n`;
    expect(checkPolicyText(text).verdict).toBe("valid");
    expect(rulesOf(text)).toEqual([rule]);
  });

  test("an empty policy does nothing, and says so", () => {
    expect(rulesOf(HEAD.replace("spec:", "spec: {}"))).toEqual(["policy.no-hooks"]);
  });
});

describe("the format", () => {
  test("every type of argument is accepted somewhere", () => {
    for (const type of ARG_TYPES) {
      const kind = type === "const_buf" ? "usdts" : "tracepoints";
      const target = type === "const_buf" ? "path: /a, provider: b, name: c" : "subsystem: a, event: b";
      policyOf(`${HEAD}  ${kind}:\n  - {${target}, args: [{index: 0, type: ${type}}]}\n`);
    }
  });

  test("every operator is accepted on some type", () => {
    const types = ["int", "string", "sock", "sockaddr", "file", "cap_effective"];
    const values = ["1", "1:2", "/a", "10.0.0.1", "IPPROTO_TCP", "AF_INET", "TCP_LISTEN", "reg", "true", ""];
    for (const operator of ARG_OPERATORS) {
      const accepted = types.some((type) =>
        values.some((value) => {
          const filter = `{args: [0${operator === "CapabilitiesGained" ? ", 0" : ""}], operator: ${operator}, values: [${value === "" ? "" : JSON.stringify(value)}]}`;
          const text = `${HEAD}  kprobes:\n  - {call: f, syscall: false, args: [{index: 0, type: ${type}}], selectors: [{matchArgs: [${filter}]}]}\n`;
          return checkPolicyText(text).verdict === "valid";
        }),
      );
      expect([operator, accepted]).toEqual([operator, true]);
    }
  });
});
