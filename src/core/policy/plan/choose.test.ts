import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { checkPolicyText } from "../check.ts";
import type { HookChoice } from "./choice.ts";
import { chooseBackends } from "./choose.ts";
import { parseHostFacts, type HostFacts } from "./host-facts.ts";
import { lowerPlan } from "./lower.ts";
import { anyPlan } from "./random-plan.ts";

const facts = (name: string): HostFacts =>
  parseHostFacts(JSON.parse(readFileSync(join(import.meta.dir, "testdata", `facts-${name}.json`), "utf8")));
const STOCK = facts("6.12");
const RT = facts("6.1-rt");
const NO_KPROBES = facts("6.18-no-kprobes");
/** All kinds load there, but the engine has no programs of some. */
const OLD: HostFacts = { ...STOCK, kernel: "5.10.0-32-amd64", old_objects: true };

/** The stock kernel with one kind refused. */
function without(...kinds: readonly string[]): HostFacts {
  const programs = STOCK.programs!.map((p) =>
    kinds.includes(p.kind) ? { kind: p.kind, status: "rejected", reason: "load: Operation not permitted" } : p,
  );
  return { ...STOCK, programs };
}

type Spec = Readonly<Record<string, unknown>>;

function choose(spec: Spec, host: HostFacts, mode?: "monitor" | "enforce"): readonly HookChoice[] {
  const head = { apiVersion: "cilium.io/v1alpha1", kind: "TracingPolicy", metadata: { name: "p" } };
  const { policy, problems } = checkPolicyText(JSON.stringify({ ...head, spec })).documents[0]!;
  if (!policy) throw new Error(JSON.stringify(problems));
  return chooseBackends(lowerPlan(policy), host, mode);
}

const actions = (...names: readonly string[]): Spec => ({
  selectors: [
    { matchActions: names.map((action) => (action === "Override" ? { action, argError: -13 } : { action })) },
  ],
});
const kprobe = (call: string, more: Spec = {}): Spec => ({
  kprobes: [{ call, syscall: call.startsWith("sys_"), ...more }],
});
const returning: Spec = { return: true, returnArg: { index: 0, type: "int" } };
const lsm = (hook: string, more: Spec = {}): Spec => ({ lsmhooks: [{ hook, ...more }] });

describe("backends", () => {
  const cases: readonly [string, Spec, HostFacts, string | undefined, string][] = [
    ["a call", kprobe("sys_dup"), STOCK, "kprobe", "ok"],
    ["a call, on a real-time kernel", kprobe("sys_dup"), RT, "kprobe", "ok"],
    ["a call without kprobes", kprobe("sys_dup"), NO_KPROBES, "sys_enter", "ok"],
    ["a call's return", kprobe("sys_dup", returning), STOCK, "sys_exit", "ok"],
    ["a call that does not return", kprobe("sys_execve", returning), STOCK, "kprobe", "degraded"],
    ["a call on arm64", kprobe("sys_dup"), { ...NO_KPROBES, machine: "aarch64" }, "sys_enter", "ok"],
    ["a call on another machine", kprobe("sys_dup"), { ...NO_KPROBES, machine: "riscv64" }, undefined, "rejected"],
    ["a function", kprobe("tcp_connect"), STOCK, "kprobe", "ok"],
    ["a function without kprobes", kprobe("tcp_connect"), without("kprobe"), "fentry", "ok"],
    ["a function on a bare kernel", kprobe("tcp_connect"), NO_KPROBES, undefined, "rejected"],
    ["a function's return", kprobe("tcp_connect", returning), STOCK, "fexit", "ok"],
    ["a function's return, real-time", kprobe("tcp_connect", returning), RT, "kretprobe", "ok"],
    ["a function's return, old kernel", kprobe("tcp_connect", returning), OLD, "kretprobe", "ok"],
    ["fentry, old kernel", { fentries: [{ call: "tcp_connect", syscall: false }] }, OLD, "kprobe", "degraded"],
    ["a security function", kprobe("security_file_open"), STOCK, "lsm", "ok"],
    ["a security function without LSM", kprobe("security_file_open"), without("lsm"), "fmod_ret", "ok"],
    ["without LSM and fmod_ret", kprobe("security_file_open"), without("lsm", "fmod_ret"), "kprobe", "ok"],
    ["fentry", { fentries: [{ call: "tcp_connect", syscall: false }] }, STOCK, "fentry", "ok"],
    ["fentry, real-time", { fentries: [{ call: "tcp_connect", syscall: false }] }, RT, "kprobe", "ok"],
    [
      "fentry without trampolines",
      { fentries: [{ call: "tcp_connect", syscall: false }] },
      without("fentry"),
      "kprobe",
      "degraded",
    ],
    ["an LSM hook", lsm("file_open"), STOCK, "lsm", "ok"],
    ["an LSM hook elsewhere", lsm("file_open"), without("lsm", "fmod_ret"), "kprobe", "degraded"],
    ["an LSM hook on a bare kernel", lsm("file_open"), NO_KPROBES, undefined, "rejected"],
    ["a tracepoint", { tracepoints: [{ subsystem: "sched", event: "sched_switch" }] }, STOCK, "tracepoint", "ok"],
    [
      "the same, raw",
      { tracepoints: [{ subsystem: "sched", event: "sched_switch", raw: true }] },
      STOCK,
      "raw_tp",
      "ok",
    ],
    [
      "a call's tracepoint without formats",
      { tracepoints: [{ subsystem: "syscalls", event: "sys_enter_dup", args: [{ index: 5, type: "int" }] }] },
      NO_KPROBES,
      "sys_enter",
      "ok",
    ],
    ["a uprobe", { uprobes: [{ path: "/bin/bash", symbols: ["main"] }] }, NO_KPROBES, "uprobe", "ok"],
    ["a USDT probe", { usdts: [{ path: "/bin/a", provider: "p", name: "n" }] }, NO_KPROBES, "usdt", "ok"],
  ];
  test.each(cases)("%s", (_, spec, host, backend, status) => {
    const choice = choose(spec, host)[0]!;
    expect([choice.backend, choice.status]).toEqual([backend as HookChoice["backend"], status as HookChoice["status"]]);
    expect(choice.reason === undefined).toBe(status === "ok");
  });

  test("many calls share one program", () => {
    const names = ["read", "write", "open", "close", "stat", "fstat", "lstat", "poll", "lseek", "mmap", "mprotect"];
    const more = ["munmap", "brk", "ioctl", "pread64", "pwrite64", "readv", "writev", "access", "pipe", "select"];
    const rest = [
      "mremap",
      "msync",
      "mincore",
      "madvise",
      "shmget",
      "shmat",
      "shmctl",
      "dup",
      "dup2",
      "pause",
      "alarm",
    ];
    const values = [...names, ...more, ...rest, "getpid"].map((n) => `sys_${n}`);
    const spec = { lists: [{ name: "l", type: "syscalls", values }], ...kprobe("list:l", { syscall: true }) };
    expect(new Set(choose(spec, STOCK).map((c) => c.backend))).toEqual(new Set(["sys_enter"] as const));
    const all = { lists: [{ name: "l", type: "generated_syscalls" }], ...kprobe("list:l", { syscall: true }) };
    expect(choose(all, STOCK)[0]).toMatchObject({ hook: "every system call", backend: "sys_enter" });
  });

  test("a function that is not there", () => {
    const host = { ...STOCK, functions: ["__x64_sys_dup", "tcp_connect"] };
    expect(choose(kprobe("sys_dup"), host)[0]!.status).toBe("ok");
    expect(choose(kprobe("tcp_close"), host)[0]).toMatchObject({ status: "rejected" });
    const ignoring = kprobe("tcp_close", { ignore: { callNotFound: true } });
    expect(choose(ignoring, host)[0]!.reason).toContain("left out");
  });

  test("nothing is known", () => {
    const choice = choose(kprobe("sys_dup"), {})[0]!;
    expect([choice.backend, choice.status]).toEqual(["kprobe", "degraded"]);
    expect(choice.reason).toContain("not known");
  });
});

describe("enforcement", () => {
  const override = actions("Override");
  const cases: readonly [string, Spec, HostFacts, string, boolean, string][] = [
    ["a call", kprobe("sys_symlinkat", override), STOCK, "lsm after sys_enter mark", true, "ok"],
    ["a call, real-time", kprobe("sys_symlinkat", override), RT, "lsm after sys_enter mark", true, "ok"],
    ["a call without LSM hook", kprobe("sys_getpid", override), STOCK, "none", false, "rejected"],
    ["a call on a bare kernel", kprobe("sys_symlinkat", override), NO_KPROBES, "none", false, "rejected"],
    [
      "the same, when it kills too",
      kprobe("sys_symlinkat", actions("Override", "Sigkill")),
      NO_KPROBES,
      "signal",
      false,
      "ok",
    ],
    ["a connection on a bare kernel", kprobe("sys_connect", override), NO_KPROBES, "cgroup", true, "ok"],
    ["a security function", kprobe("security_file_open", override), STOCK, "lsm", true, "ok"],
    ["a security function without LSM", kprobe("security_file_open", override), without("lsm"), "fmod_ret", true, "ok"],
    ["an LSM hook", lsm("file_open", override), RT, "lsm", true, "ok"],
    ["an LSM hook without a result", lsm("bprm_committed_creds", override), STOCK, "none", false, "rejected"],
    ["a signal", kprobe("tcp_connect", actions("Sigkill")), STOCK, "signal", false, "ok"],
    ["a signal on a bare kernel", kprobe("sys_dup", actions("Sigkill")), NO_KPROBES, "signal", false, "ok"],
    [
      "a signal that fentry may not send",
      kprobe("tcp_connect", actions("Sigkill")),
      without("kprobe"),
      "none",
      false,
      "degraded",
    ],
    ["no enforcement", kprobe("sys_dup"), STOCK, "none", false, "ok"],
  ];
  test.each(cases)("%s", (_, spec, host, method, stopsCall, status) => {
    const choice = choose(spec, host)[0]!;
    expect(choice.enforcement).toMatchObject({ method, stopsCall });
    expect(choice.status).toBe(status as HookChoice["status"]);
  });

  test("where injecting errors is possible, a call without LSM hook is overridden", () => {
    const programs = STOCK.programs!.map((p) => (p.kind === "override_return" ? { ...p, status: "ok" } : p));
    const choice = choose(kprobe("sys_getpid", override), { ...STOCK, programs })[0]!;
    expect(choice.enforcement).toEqual({ method: "override_return", stopsCall: true });
  });

  test("LSM programs that load but never run are not counted on", () => {
    const host = { ...RT, lsm: ["lockdown", "apparmor"] };
    const choice = choose(lsm("file_open", override), host)[0]!;
    expect(choice.status).toBe("rejected");
    expect(choice.reason).toContain("lsm=");
  });

  test("what can't be enforced is watched in monitor mode", () => {
    const spec = kprobe("sys_symlinkat", override);
    expect(choose(spec, NO_KPROBES)[0]!.reason).toContain("in monitor mode it would be watched through sys_enter");
    expect(choose(spec, NO_KPROBES, "monitor")[0]).toMatchObject({
      status: "ok",
      backend: "sys_enter",
      enforcement: { method: "none" },
    });
  });

  test("enforcers are denied in LSM hooks; the mark itself stops nothing", () => {
    const notify = { action: "NotifyEnforcer", argError: -1 };
    const spec = {
      lists: [{ name: "l", type: "syscalls", values: ["sys_mount"] }],
      enforcers: [{ calls: ["list:l"] }],
      tracepoints: [
        {
          subsystem: "raw_syscalls",
          event: "sys_enter",
          args: [{ index: 4, type: "syscall64" }],
          selectors: [{ matchActions: [notify] }],
        },
      ],
    };
    const [mark, enforcer] = choose(spec, STOCK);
    expect(mark!.enforcement).toMatchObject({ method: "none", stopsCall: false });
    expect(mark!.enforcement.reason).toContain("marks the thread");
    expect(enforcer!.enforcement).toMatchObject({ method: "lsm after sys_enter mark", stopsCall: true });
    expect(enforcer!.backend).toBeUndefined();
  });
});

test("whatever a plan is, each hook gets an answer", () => {
  fc.assert(
    fc.property(anyPlan, fc.constantFrom(STOCK, RT, NO_KPROBES, {}), (plan, host) => {
      const choices = chooseBackends(plan, host);
      expect(choices.length).toBe(plan.hooks.length);
      for (const c of choices) {
        if (c.status !== "ok") expect(c.reason).toBeTruthy();
        if (c.status === "rejected") expect(c.backend).toBeUndefined();
        if (c.enforcement.stopsCall) expect(c.enforcement.method).not.toBe("signal");
      }
    }),
    { numRuns: 300 },
  );
});

describe("facts", () => {
  test("unknown fields are let through, wrong ones are named", () => {
    expect(
      parseHostFacts({ kernel: "6.12", something: 1, programs: [{ kind: "k", status: "ok", more: 1 }] }),
    ).toBeTruthy();
    expect(() => parseHostFacts({ lsm: "bpf" })).toThrow("/lsm");
  });
});
