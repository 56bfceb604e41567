import type { CallTarget } from "../model-base.ts";
import { quoted } from "../problems.ts";
import type { FunctionSpec } from "../schema/hook.ts";
import { functionName, parseSyscall } from "./call-name.ts";
import type { Context } from "./context.ts";
import { nameHint } from "./engine-text.ts";
import { unknownList } from "./lists.ts";

const NOWHERE: CallTarget = { kind: "functions", names: [] };

/** What a function hook's `call` stands for. */
export function buildTarget(spec: FunctionSpec, ctx: Context): { target: CallTarget; isSyscall: boolean } {
  const { call } = spec;
  if (call.startsWith("list:")) {
    const target = lookUpList(call.slice(5), spec, "call", ctx);
    const isSyscalls = target.kind === "syscalls" || target.kind === "generatedSyscalls";
    // Only a list of plain names can be both; its names are functions unless the text says otherwise.
    return { target, isSyscall: isSyscalls || (target.kind === "functions" && spec.syscall === true) };
  }
  if (spec.syscall === false) {
    if (functionName(call) === undefined)
      ctx.error("call.name", spec, "call", `${quoted(call)} is no name of a function.`, nameHint(call));
    return { target: { kind: "functions", names: [call] }, isSyscall: false };
  }
  const syscall = parseSyscall(call);
  if (syscall !== undefined) return { target: { kind: "syscalls", names: [syscall] }, isSyscall: true };
  if (functionName(call) === undefined)
    ctx.error("call.name", spec, "call", `${quoted(call)} is no name of a syscall or function.`, nameHint(call));
  else
    ctx.warn(
      "call.not-a-syscall",
      spec,
      "call",
      `${quoted(call)} is looked for as a syscall, but doesn't begin with 'sys_'.`,
      "Write 'syscall: false' if it is a kernel function.",
    );
  return { target: { kind: "syscalls", names: [{ name: call, abi: "native" }] }, isSyscall: true };
}

/** What a `list:NAME` stands for; a list that isn't there is a problem of `member`. */
export function lookUpList(name: string, owner: object, member: string | number, ctx: Context): CallTarget {
  const target = ctx.lists.targets.get(name);
  if (target !== undefined) return target;
  const fault = unknownList(ctx.lists, name);
  if (fault) ctx.error("lists.unknown", owner, member, fault.message, fault.hint);
  return NOWHERE;
}

/** True when a call may be made to return another value: syscalls, and the hooks named security_*. */
export function isOverridable(target: CallTarget, isSyscall: boolean): boolean {
  if (isSyscall || target.kind === "syscalls" || target.kind === "generatedSyscalls") return true;
  return target.kind === "functions" && target.names.every((name) => name.startsWith("security_"));
}
