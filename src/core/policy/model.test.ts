import { describe, expect, test } from "bun:test";
import { fixture, HEAD, hookOf, policyOf, rulesOf } from "../../../test/harness/policy-text.ts";
import { ARG_TYPES } from "./arg-types.ts";
import { checkPolicyText } from "./check.ts";
import { ARG_OPERATORS } from "./schema/selector.ts";

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
