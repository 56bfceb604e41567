import { describe, expect, test } from "bun:test";
import { decodePlan } from "./decode.ts";
import { writePlan } from "./write.ts";
import { explainPlan } from "./explain/explain.ts";
import type { PlanArg, PlanFilter } from "./plan.ts";
import { arg, plan } from "./test-plan.ts";

const shape = (args: readonly PlanArg[]): unknown[] => args.map(({ type, index, source }) => [type, index, source]);
const numbers = ({ kind, flags, arg: at, values }: PlanFilter): unknown => [
  kind,
  flags,
  at,
  values.map(({ a, b }) => [a, b]),
];

describe("loader: true", () => {
  const { hooks } = plan({ loader: true });
  const [native, compat, started] = hooks;

  test("is two calls and a tracepoint", () => {
    expect(hooks.map((h) => [h.kind, h.group, h.call, h.flags])).toEqual([
      ["kprobe", "", "sys_mmap", ["syscall", "return", "loader"]],
      ["kprobe", "", "sys_mmap2", ["syscall", "i386", "return", "ignore_missing", "loader"]],
      ["raw_tracepoint", "sched", "sched_process_exec", ["loader"]],
    ]);
    expect(compat!.args).toBe(native!.args);
    expect(compat!.selectors).toBe(native!.selectors);
    expect(shape(started!.args)).toEqual([["linux_binprm", 2, "arg"]]);
    expect(started!.selectors).toEqual([]);
  });

  test("asks the flags whether there is a file, and the return value whether it was mapped", () => {
    expect(shape(native!.args)).toEqual([
      ["size", 1, "arg"],
      ["int", 2, "arg"],
      ["int", 3, "arg"],
      ["fd", 4, "arg"],
    ]);
    expect(shape([native!.return_arg!])).toEqual([["uint64", 0, "return"]]);
    const [selector] = native!.selectors;
    expect(selector!.filters.map(numbers)).toEqual([
      ["int_mask", [], 1, [[4n, 0n]]],
      ["int_mask", ["not"], 2, [[0x20n, 0n]]],
    ]);
    expect(selector!.return_filters.map(numbers)).toEqual([["int_range", [], 255, [[0n, 0xffff_ffff_ffff_f000n]]]]);
    expect([...selector!.actions, ...selector!.return_actions]).toEqual([]);
  });

  test("stands behind the policy's hooks and before its enforcers", () => {
    const found = plan({
      loader: true,
      lists: [{ name: "l", type: "syscalls", values: ["sys_dup"] }],
      enforcers: [{ calls: ["list:l"] }],
      kprobes: [{ call: "sys_mmap", syscall: true, args: [arg(2, "int")] }],
    });
    expect(found.hooks.map((h) => [h.call, h.flags.includes("loader")])).toEqual([
      ["sys_mmap", false],
      ["sys_mmap", true],
      ["sys_mmap2", true],
      ["sched_process_exec", true],
      ["sys_dup", false],
    ]);
    expect(plan({ loader: false, kprobes: [{ call: "sys_dup", syscall: true }] }).hooks).toHaveLength(1);
  });

  test("keeps its meaning in the file", () => {
    const whole = plan({ loader: true });
    expect(decodePlan(writePlan(whole))).toEqual(whole);
  });

  test("is explained without the flags of mmap", () => {
    const { groups, reportsExecutableMappings } = explainPlan(plan({ loader: true }));
    expect(reportsExecutableMappings).toBe(true);
    expect(groups.map((g) => [g.hooks, g.trigger])).toEqual([
      [["sys_mmap", "i386/sys_mmap2"], "When a process has mapped a file to be run."],
      [["sched/sched_process_exec"], "When a process starts a program."],
    ]);
    expect(groups.flatMap((g) => g.selectors)).toEqual([]);
    expect(groups[0]!.recorded).toContain("build id");
  });
});
