/** Short ways to write the parts of a policy. */
import { ACT, type Json, type JsonObject } from "./case.ts";

export type Arg = { readonly index: number; readonly type: string; readonly [key: string]: Json };

export function arg(index: number, type: string, more: JsonObject = {}): Arg {
  return { index, type, ...more };
}

/** One filter of matchArgs. */
export function match(index: number, operator: string, values: readonly string[]): JsonObject {
  return values.length === 0 ? { index, operator } : { index, operator, values };
}

export interface HookBody {
  readonly args?: readonly Arg[];
  readonly selectors?: readonly JsonObject[];
  readonly [key: string]: Json | undefined;
}

export function kprobe(call: string, body: HookBody): JsonObject {
  return { kprobes: [plain({ call, syscall: false, ...body })] };
}

export function syscall(call: string, body: HookBody): JsonObject {
  return { kprobes: [plain({ call, syscall: true, ...body })] };
}

export function fentry(call: string, body: HookBody): JsonObject {
  return { fentries: [plain({ call, syscall: false, ...body })] };
}

export function lsm(hook: string, body: HookBody): JsonObject {
  return { lsmhooks: [plain({ hook, ...body })] };
}

export function tracepoint(name: string, body: HookBody): JsonObject {
  const [subsystem = "", event = ""] = name.split("/");
  return { tracepoints: [plain({ subsystem, event, ...body })] };
}

export function uprobe(symbol: string, body: HookBody): JsonObject {
  return { uprobes: [plain({ path: ACT, symbols: [symbol], ...body })] };
}

export function usdt(name: string, body: HookBody): JsonObject {
  return { usdts: [plain({ path: ACT, provider: "telovix", name, ...body })] };
}

/** Without the members that are not given. */
function plain(body: { readonly [key: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(body).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** The policy as text. JSON is YAML; one member a line keeps messages with line numbers readable. */
export function policyText(name: string, spec: JsonObject): string {
  return `${JSON.stringify({ apiVersion: "cilium.io/v1alpha1", kind: "TracingPolicy", metadata: { name }, spec }, null, 2)}\n`;
}
