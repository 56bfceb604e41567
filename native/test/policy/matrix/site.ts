/** A place where a value that a trigger chooses reaches a hook. */
import { DIR, type HookKind, type JsonObject } from "../case.ts";
import { fentry, kprobe, lsm, syscall, tracepoint, uprobe, usdt, type Arg, type HookBody } from "../spec.ts";

export interface Site<T> {
  readonly hook: HookKind;
  /** Type of the argument in the policy. */
  readonly type: string;
  readonly name: string;
  readonly spec: (body: HookBody) => JsonObject;
  readonly arg: Arg;
  /** Number that filters use, where it is not that of the argument. */
  readonly filterIndex?: number;
  readonly act: (value: T) => readonly string[];
  /** How the engine shows the value. */
  readonly shown: (value: T) => JsonObject;
  readonly needs: readonly string[];
  /** The hook is reached in other ways too: look for the value among the events. */
  readonly among?: boolean;
}

export const TRAMPOLINE = "fentry";
export const FUNCTION = "kprobe|fentry";
export const SECURITY = "lsm";
export const int = (value: number): JsonObject => ({ int_arg: value });
export const uint = (value: number): JsonObject => ({ uint_arg: value });
export const long = (value: number): JsonObject => ({ long_arg: String(value) });
export const text = (value: string): JsonObject => ({ string_arg: value });
/** Files that may be written to, and copies of act under many names. */
export const inDir = (name: string): string => `${DIR}/f/${name}`;
export const inPrograms = (name: string): string => `${DIR}/x/${name}`;
export const file = (name: string): JsonObject => ({ file_arg: { path: inDir(name) } });
export const path = (name: string): JsonObject => ({ path_arg: { path: inDir(name) } });

/** A site in one line. */
export function on<T>(
  hook: HookKind,
  make: (body: HookBody) => JsonObject,
  name: string,
  argument: Arg,
  needs: string,
  act: (value: T) => readonly (string | number)[],
  shown: (value: T) => JsonObject,
  more: Partial<Site<T>> = {},
): Site<T> {
  const site = {
    hook,
    type: argument.type,
    name,
    spec: make,
    arg: argument,
    needs: needs === "" ? [] : [needs],
    shown,
    ...more,
  };
  return { ...site, act: (value) => act(value).map(String) };
}

export const kp = (call: string) => (body: HookBody) => kprobe(call, body);
/** A function that has had several names: whichever this kernel has. */
export const kpAny =
  (...calls: readonly string[]) =>
  (body: HookBody) => ({
    kprobes: calls.flatMap((call) => kprobe(call, { ignore: { callNotFound: true }, ...body })["kprobes"] ?? []),
  });
export const feAny =
  (...calls: readonly string[]) =>
  (body: HookBody) => ({
    fentries: calls.flatMap((call) => fentry(call, { ignore: { callNotFound: true }, ...body })["fentries"] ?? []),
  });
export const sys = (call: string) => (body: HookBody) => syscall(call, body);
export const fe = (call: string) => (body: HookBody) => fentry(call, body);
export const ls = (hook: string) => (body: HookBody) => lsm(hook, body);
export const tp = (name: string) => (body: HookBody) => tracepoint(name, body);
export const raw = (name: string) => (body: HookBody) => tracepoint(name, { raw: true, ...body });
export const up = (symbol: string) => (body: HookBody) => uprobe(symbol, body);
export const us = (name: string) => (body: HookBody) => usdt(name, body);
