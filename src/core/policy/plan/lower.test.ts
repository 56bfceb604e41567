import { describe, expect, test } from "bun:test";
import { checkPolicyText } from "../check.ts";
import { lowerPlan } from "./lower.ts";
import { arg, hook, match, plan } from "./test-plan.ts";

describe("hooks", () => {
  test("a list gives one hook per call, which share what they have", () => {
    const { hooks } = plan({
      lists: [{ name: "l", type: "syscalls", values: ["sys_dup", "i386/sys_dup2"] }],
      kprobes: [{ call: "list:l", syscall: true, args: [arg(0, "int")], selectors: [match("Equal", ["1"])] }],
    });
    expect(hooks.map((h) => [h.call, h.flags])).toEqual([
      ["sys_dup", ["syscall"]],
      ["sys_dup2", ["syscall", "i386"]],
    ]);
    expect(hooks[0]!.selectors).toBe(hooks[1]!.selectors);
  });

  test("generated lists are flags", () => {
    const { hooks } = plan({
      lists: [
        { name: "s", type: "generated_syscalls" },
        { name: "f", type: "generated_ftrace", pattern: "^ksys_" },
      ],
      kprobes: [
        { call: "list:s", syscall: true },
        { call: "list:f", syscall: false },
      ],
    });
    expect(hooks.map((h) => [h.call, h.flags])).toEqual([
      ["", ["syscall", "generated_syscalls"]],
      ["^ksys_", ["generated_ftrace"]],
    ]);
  });

  test("a return value is an argument of its own", () => {
    const found = hook(
      [arg(0, "sock", { returnCopy: true })],
      { matchReturnArgs: [{ index: 0, operator: "LT", values: ["0"] }], matchReturnActions: [{ action: "NoPost" }] },
      { return: true, returnArg: arg(0, "int"), returnArgAction: "TrackSock" },
    );
    expect(found.flags).toEqual(["return"]);
    expect(found.return_arg).toMatchObject({ source: "return", type: "int" });
    expect(found.return_action).toBe("track_sock");
    expect(found.args[0]!.flags).toEqual(["return_copy"]);
    expect(found.selectors[0]!.return_filters[0]!.arg).toBe(255);
    expect(found.selectors[0]!.return_actions[0]!.kind).toBe("no_post");
  });

  test("enforcers come behind the others", () => {
    const { hooks } = plan({
      lists: [{ name: "l", type: "syscalls", values: ["sys_dup"] }],
      enforcers: [{ calls: ["list:l"] }],
      tracepoints: [
        {
          subsystem: "raw_syscalls",
          event: "sys_enter",
          args: [arg(4, "syscall64")],
          selectors: [{ matchActions: [{ action: "NotifyEnforcer", argError: -1, argSig: 9 }] }],
        },
      ],
    });
    expect(hooks.map((h) => [h.kind, h.call, h.flags])).toEqual([
      ["tracepoint", "sys_enter", []],
      ["kprobe", "sys_dup", ["syscall", "enforcer"]],
    ]);
    expect(hooks[0]!.selectors[0]!.actions[0]).toMatchObject({ kind: "notify_enforcer", error: -1, signal: 9 });
  });

  test("uprobes and usdts", () => {
    const { hooks } = plan({
      uprobes: [
        { path: "/bin/a", symbols: ["main", "go+0x10"] },
        { path: "/bin/a", offsets: [16], refCtrOffsets: [32], return: true, returnArg: arg(0, "int") },
      ],
      usdts: [{ path: "/bin/a", provider: "p", name: "n" }],
    });
    expect(hooks.map((h) => [h.kind, h.call, h.offset, h.ref_ctr, h.flags])).toEqual([
      ["uprobe", "main", 0n, 0n, []],
      ["uprobe", "go", 16n, 0n, ["offset"]],
      ["uprobe", "", 16n, 32n, ["return", "offset", "uretprobe"]],
      ["usdt", "n", 0n, 0n, []],
    ]);
  });

  test("data, resolve, sizes and the rest of an argument", () => {
    const [buffer, data] = hook(
      [arg(1, "char_buf", { sizeArgIndex: 3, maxData: true, label: "buf" })],
      {},
      { data: [{ index: 0, type: "string", source: "current_task", resolve: "mm.owner.comm" }] },
    ).args;
    expect(buffer).toMatchObject({ size_index: 2, max_data: 327_360, flags: ["max_data"], label: "buf" });
    expect(data).toMatchObject({ source: "current_task", resolve: "mm.owner.comm", flags: ["data"] });
  });
});

describe("actions and the policy", () => {
  test("actions", () => {
    const actions = [
      { action: "Post", rateLimit: "5m", rateLimitScope: "global", kernelStackTrace: true },
      { action: "Signal", argSig: 10 },
      { action: "Sigkill" },
    ];
    const [post, signal, kill] = hook([], { matchActions: actions }).selectors[0]!.actions;
    expect(post).toMatchObject({ interval_ns: 300_000_000_000n, scope: "global", flags: ["kernel_stack"] });
    expect([signal!.signal, kill!.signal]).toEqual([10, 9]);
  });

  test("a change of registers, and a jump", () => {
    const selectors = (more: object): object[] => [{ matchActions: [{ action: "Override", ...more }] }];
    const { hooks } = plan({
      uprobes: [
        { path: "/bin/a", symbols: ["f"], selectors: selectors({ argRegs: ["rax=11"] }) },
        { path: "/bin/a", symbols: ["h"], selectors: selectors({ argNewSymbol: "g" }) },
      ],
    });
    const said = hooks.map((h) => h.selectors[0]!.actions[0]!);
    expect(said.map(({ flags, text }) => [flags, text])).toEqual([
      [["regs"], "rax=11"],
      [["regs"], "ip=g+0x0"],
    ]);
  });

  test("the head", () => {
    const head = { kind: "TracingPolicyNamespaced", metadata: { name: "n", namespace: "core" } };
    const options = [
      { name: "policy-mode", value: "monitor" },
      { name: "override-method", value: "fmod-ret" },
      { name: "disable-kprobe-multi", value: "true" },
    ];
    const pod = { matchLabels: { app: "amf" } };
    expect(plan({ options, podSelector: pod, loader: true }, head).policy).toEqual({
      name: "n",
      namespace: "core",
      mode: "monitor",
      override_method: "fmod_ret",
      flags: ["namespaced", "no_kprobe_multi", "loader", "workload"],
      workload: '{"podSelector":{"matchExpressions":[{"key":"app","operator":"In","values":["amf"]}]}}',
    });
    expect(plan({ hostSelector: {} }).policy).toMatchObject({ flags: ["host"], workload: '{"hostSelector":{}}' });
  });

  test("an open placeholder is named", () => {
    const text = JSON.stringify({
      apiVersion: "cilium.io/v1alpha1",
      kind: "TracingPolicy",
      metadata: { name: "p" },
      spec: {
        kprobes: [{ call: "f", syscall: false, args: [arg(0, "sock")], selectors: [match("DAddr", ["${NET}"])] }],
      },
    });
    const { policy } = checkPolicyText(text).documents[0]!;
    expect(() => lowerPlan(policy!)).toThrow("${NET}");
  });
});
