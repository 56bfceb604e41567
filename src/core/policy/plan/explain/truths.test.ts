import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPolicyText } from "../../check.ts";
import { chooseBackends } from "../choose.ts";
import { parseHostFacts, type HostFacts } from "../host-facts.ts";
import { lowerPlan } from "../lower.ts";
import type { Plan } from "../plan.ts";
import { parseResolution } from "../resolution.ts";
import { explainPlan } from "./explain.ts";
import { explanationText } from "./text.ts";

/* What an explanation must not promise. */

type Spec = Readonly<Record<string, unknown>>;

const facts = (name: string): HostFacts =>
  parseHostFacts(JSON.parse(readFileSync(join(import.meta.dir, `../testdata/facts-${name}.json`), "utf8")));
const STOCK = facts("6.12");
/** A kernel built to inject errors. */
const INJECTING: HostFacts = {
  ...STOCK,
  programs: [...STOCK.programs!.filter((p) => p.kind !== "override_return"), { kind: "override_return", status: "ok" }],
};

function planOf(spec: Spec): Plan {
  const head = { apiVersion: "cilium.io/v1alpha1", kind: "TracingPolicy", metadata: { name: "p" } };
  const { policy, problems } = checkPolicyText(JSON.stringify({ ...head, spec })).documents[0]!;
  if (!policy) throw new Error(JSON.stringify(problems));
  return lowerPlan(policy);
}

const words = (spec: Spec, host = STOCK, mode?: "monitor"): string =>
  explanationText(explainPlan(planOf(spec), host, mode)).replaceAll(/\s+/g, " ");
const kprobe = (call: string, action: Spec, more: Spec = {}): Spec => ({
  kprobes: [{ call, syscall: call.startsWith("sys_"), selectors: [{ matchActions: [action] }], ...more }],
});

describe("an Override without an error", () => {
  const zero = { action: "Override" };
  test.each([
    ["a call that passes an LSM hook", kprobe("sys_symlinkat", zero)],
    ["a security function", kprobe("security_file_open", zero)],
    ["an LSM hook", { lsmhooks: [{ hook: "file_open", selectors: [{ matchActions: [zero] }] }] }],
    ["a call of the network", kprobe("sys_connect", zero)],
  ])("is not possible at %s", (_, spec) => {
    const [choice] = chooseBackends(planOf(spec), STOCK);
    expect(choice).toMatchObject({ status: "rejected", enforcement: { method: "none", stopsCall: false } });
    expect(choice!.reason).toContain("an error of 0 stops nothing here");
    expect(words(spec)).toContain("Not possible: an error of 0 stops nothing here");
    expect(words(spec, STOCK, "monitor")).not.toContain("Not possible");
  });

  test("is where calls can be skipped", () => {
    expect(chooseBackends(planOf(kprobe("sys_symlinkat", zero)), INJECTING)[0]!.enforcement).toMatchObject({
      method: "override_return",
      stopsCall: true,
    });
    const withError = kprobe("sys_symlinkat", { action: "Override", argError: -1 });
    expect(chooseBackends(planOf(withError), INJECTING)[0]!.enforcement.method).toBe("lsm after sys_enter mark");
  });
});

describe("what is said", () => {
  test("of actions at the return: they stop something", () => {
    const spec = {
      kprobes: [
        {
          call: "sys_dup",
          return: true,
          returnArg: { index: 0, type: "int" },
          selectors: [
            { matchReturnArgs: [{ operator: "GT", values: ["5"] }], matchReturnActions: [{ action: "Sigkill" }] },
          ],
        },
      ],
    };
    expect(words(spec)).toContain("It stops what matches");
    expect(words(spec)).not.toContain("It watches only");
  });

  test("of GetUrl and DnsLookup: nothing is asked for", () => {
    expect(words(kprobe("sys_dup", { action: "GetUrl", argUrl: "http://a/" }))).toContain("none is made");
    expect(words(kprobe("sys_dup", { action: "DnsLookup", argFqdn: "a.b" }))).toContain("not looked up");
  });

  test("of Set and of registers: not possible, in no mode", () => {
    const set = {
      usdts: [
        {
          path: "/bin/a",
          provider: "p",
          name: "n",
          args: [{ index: 0, type: "int32" }],
          selectors: [{ matchActions: [{ action: "Set", argIndex: 0, argValue: 1 }] }],
        },
      ],
    };
    const regs = {
      uprobes: [
        { path: "/bin/a", symbols: ["f"], selectors: [{ matchActions: [{ action: "Override", argRegs: ["rax=1"] }] }] },
      ],
    };
    for (const spec of [set, regs])
      for (const mode of [undefined, "monitor"] as const) expect(words(spec, STOCK, mode)).toContain("Not possible:");
    expect(words(set)).toContain("would be set to 1");
  });

  test("of an error without its sign: it is one all the same", () => {
    expect(words(kprobe("sys_symlinkat", { action: "Override", argError: 13 }))).toContain("fails with EACCES");
  });

  test("of the budget: the engine's, and that the policy goes", () => {
    const loud = words({ kprobes: [{ call: "sys_futex" }] });
    expect(loud).toContain("over the budget of 20,000 events a second");
    expect(loud).toContain("switches the policy off");
    const quiet = { matchArgs: [{ index: 0, operator: "Equal", values: ["7"] }] };
    const filtered = { kprobes: [{ call: "sys_futex", args: [{ index: 0, type: "int" }], selectors: [quiet] }] };
    expect(words(filtered)).not.toContain("over the budget");
  });
});

const RETURNS = { return: true, returnArg: { index: 0, type: "int" } };

describe("nothing is passed over:", () => {
  const resolvedWords = (spec: Spec, mechanism: string, state = "ok", reason = ""): string => {
    const resolved = parseResolution({
      tried: true,
      hooks: [{ index: 0, line: 1, column: 1, mechanism, state, reason }],
    });
    return explanationText(explainPlan(planOf(spec), STOCK, undefined, resolved)).replaceAll(/\s+/g, " ");
  };

  test("what is done with a returned socket", () => {
    const track = (returnArgAction: string): Spec => ({
      kprobes: [
        { call: "sk_alloc", syscall: false, return: true, returnArg: { index: 0, type: "sock" }, returnArgAction },
      ],
    });
    expect(words(track("TrackSock"))).toContain("the socket it returns is remembered as this process's");
    expect(words(track("UntrackSock"))).toContain("the socket it returns is forgotten");
  });

  test("each of many filters", () => {
    const matchArgs = [0, 1, 2, 3, 4].map((index) => ({ index, operator: "Equal", values: [`10${index}`] }));
    const args = matchArgs.map(({ index }) => ({ index, type: "int" }));
    const more = {
      matchPIDs: [{ operator: "NotIn", values: [901] }],
      matchBinaries: [{ operator: "In", values: ["/bin/902"] }],
      matchNamespaces: [{ namespace: "Pid", operator: "In", values: ["903"] }],
      matchCapabilities: [{ operator: "In", values: ["CAP_BPF"] }],
    };
    const text = words({ kprobes: [{ call: "sys_clone", args, selectors: [{ matchArgs, ...more }] }] });
    for (const value of ["100", "101", "102", "103", "104", "901", "902", "903", "CAP_BPF"])
      expect(text).toContain(value);
  });

  test("programs at both ends of a call, and what they cost", () => {
    const spec = kprobe("sys_connect", { action: "Override", argError: -1 }, RETURNS);
    const both = resolvedWords(spec, "sys_enter+sys_exit");
    expect(both).toContain("Through a program at the entry of every system call and a program at the exit of every");
    expect(both).toContain("1.9 % of it is paid by all system calls");
  });

  test("a hook that is left out is not said to be attached, nor to cost", () => {
    const left = resolvedWords(
      { kprobes: [{ call: "sys_nosuch", ignore: { callNotFound: true } }] },
      "",
      "degraded",
      "left out, as the policy allows: no such system call on this kernel: sys_nosuch",
    );
    expect(left).toContain("Here Left out, as the policy allows");
    expect(left).not.toContain("Through");
    expect(left).not.toContain("Cost");
  });
});

describe("io_uring", () => {
  const said = "Not when the same is done through io_uring";
  test.each([
    ["a call it can make", kprobe("sys_openat", { action: "Post" }), true],
    ["one it cannot", kprobe("sys_setuid", { action: "Post" }), false],
    ["a function below", kprobe("security_file_open", { action: "Post" }), false],
    ["every call", { tracepoints: [{ subsystem: "raw_syscalls", event: "sys_enter" }] }, true],
    ["the tracepoint of a call", { tracepoints: [{ subsystem: "syscalls", event: "sys_exit_connect" }] }, true],
    ["another tracepoint", { tracepoints: [{ subsystem: "sched", event: "sched_process_exec" }] }, false],
  ])("is said not to be seen, of %s", (_, spec, isSaid) => {
    expect(words(spec).includes(said)).toBe(isSaid);
  });
});

describe("names", () => {
  const spec = { kprobes: [{ call: "thiscalldoesnotexist", syscall: false }] };
  const hook = { index: 0, line: 1, column: 1, mechanism: "", reason: "no such function on this kernel: x" };

  test("are not said to work when only kinds of programs are known", () => {
    expect(words(spec)).toContain("Names were not checked against that kernel's symbols.");
    expect(words(spec)).not.toContain("its hook works");
  });

  test("are what the engine found of them", () => {
    const say = (state: string): string => {
      const resolved = parseResolution({ tried: true, hooks: [{ ...hook, state }] });
      return explanationText(explainPlan(planOf(spec), STOCK, undefined, resolved)).replaceAll(/\s+/g, " ");
    };
    expect(say("rejected")).toContain("Not possible: no such function on this kernel: x.");
    expect(say("ok")).toContain("its hook works.");
    expect(say("ok")).not.toContain("not checked");
  });
});
