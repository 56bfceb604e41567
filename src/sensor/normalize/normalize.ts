import { Args } from "./args.ts";
import { toDraft, type EventDraft, type Finding } from "./draft.ts";
import {
  engineStartDraft,
  lossDraft,
  policyOffDraft,
  readEngineStart,
  readEngineStats,
  type EngineStart,
  type EngineStats,
} from "./engine-events.ts";
import { clip, countOf, objectOf, textOf } from "./fields.ts";
import { openFinding, pathCallFinding } from "./file.ts";
import type { KnownPolicies } from "../policy/known.ts";
import type { EngineLine } from "./line.ts";
import { acceptFinding, closeFinding, connectFinding, dnsFinding, listenFinding, udpFinding } from "./network.ts";
import { policyFinding } from "./policy.ts";
import { credentialFinding } from "./privilege.ts";
import { readParent, readProcess, type SeenProcess } from "./process.ts";
import { execDraft, exitDraft, forkDraft } from "./process-events.ts";
import { syscallFinding } from "./syscall.ts";

type Parent = ReturnType<typeof readParent>;

/** What a line means. `preload` names a process that ran before the engine did: it feeds ancestry and is no event. */
export type Normalized =
  | {
      readonly type: "event";
      readonly draft: EventDraft;
      readonly seen: SeenProcess | undefined;
      readonly parent: Parent;
      /** A policy of a pack tells it: what it is about, the built-in sensors tell too. */
      readonly fromPolicy?: boolean;
    }
  | { readonly type: "preload"; readonly seen: SeenProcess; readonly parent: Parent }
  | { readonly type: "start"; readonly draft: EventDraft; readonly start: EngineStart }
  | { readonly type: "stats"; readonly stats: EngineStats }
  | { readonly type: "unknown"; readonly what: string };

const HOOK_EVENTS = new Set(["process_kprobe", "process_tracepoint", "process_lsm", "process_uprobe", "process_usdt"]);

/** Names the engine gives the events of its own sensors. */
const BUILT_IN = new Set([
  "telovix-network-baseline",
  "telovix-listen-baseline",
  "telovix-dns",
  "telovix-file-open",
  "telovix-privilege-baseline",
  "telovix-syscall",
]);
const NO_POLICIES: KnownPolicies = new Map();

function policyOf(line: EngineLine): string {
  return textOf(line.body["policy_name"], 253) ?? "";
}

/** Lines of the engine's own sensors have no message; a policy may bear the name of one, but always has one. */
function isBuiltIn(line: EngineLine): boolean {
  return BUILT_IN.has(policyOf(line)) && line.body["message"] === undefined;
}

function hookFinding(line: EngineLine, seen: SeenProcess | undefined, policies: KnownPolicies): Finding {
  const args = new Args(line.body);
  const policy = policyOf(line);
  const builtInLine = isBuiltIn(line);
  const known = builtInLine ? undefined : policies.get(policy);
  if (known) return policyFinding(line, seen, args, known);
  const called = textOf(line.body["function_name"] ?? line.body["symbol"] ?? line.body["event"], 128) ?? "";
  const name = called.replace(/^(__x64_|__arm64_|__ia32_)?sys_/, "");
  const binary = seen?.process.binary ?? "";
  const builtIn = builtInLine ? builtInFinding(name, line, args, binary) : undefined;
  if (builtIn) return builtIn;
  const said = textOf(line.body["message"], 1024);
  return {
    kind: "policy_match",
    did: `matched ${policy || "a policy"} at ${called || "a hook"}${said ? `: ${said}` : ""}${args.outcome}`,
  };
}

function builtInFinding(name: string, line: EngineLine, args: Args, binary: string): Finding | undefined {
  switch (name) {
    case "tcp_connect":
      return connectFinding(line, args);
    case "tcp_accept":
      return acceptFinding(line, args);
    case "tcp_close":
      return closeFinding(line, args);
    case "udp_sendmsg":
      return udpFinding(line, args);
    case "inet_listen":
      return listenFinding(line, args);
    case "dns_query":
    case "dns_response":
      return dnsFinding(line, args, name);
    case "openat":
      return openFinding(line, args, binary);
    case "bpf":
      return tamperFinding(line) ?? syscallFinding(name, args, binary);
    default:
      return (
        credentialFinding(name, line, args, binary) ??
        pathCallFinding(name, line, args, binary) ??
        syscallFinding(name, args, binary)
      );
  }
}

/** A bpf() call that was aimed at the engine's own objects. */
function tamperFinding(line: EngineLine): Finding | undefined {
  const tamper = objectOf(line.telovix["tamper"]);
  const act = textOf(tamper["act"], 16);
  if (act === undefined) return undefined;
  const object = textOf(tamper["object"], 16) ?? "object";
  const id = String(countOf(tamper["id"]) ?? "?");
  return {
    kind: "engine_tamper",
    severity: act === "changed" ? "critical" : "warning",
    did: `${act} a BPF ${object} of this engine (id ${id})`,
    detail: { object, id, act },
  };
}

/** Turns a line into an event of the schema, without its number and without what only context can tell. */
export function normalize(line: EngineLine, policies: KnownPolicies = NO_POLICIES): Normalized {
  if (line.event === "engine_start") {
    const start = readEngineStart(line);
    return { type: "start", start, draft: engineStartDraft(line, start) };
  }
  if (line.event === "engine_stats") return { type: "stats", stats: readEngineStats(line) };
  if (line.event === "engine_loss")
    return { type: "event", draft: lossDraft(line), seen: undefined, parent: undefined };
  if (line.event === "engine_policy_off")
    return { type: "event", draft: policyOffDraft(line), seen: undefined, parent: undefined };
  const { seen, parent } = line.known ?? {
    seen: readProcess(line.body["process"]),
    parent: readParent(line.body["parent"]),
  };
  if (HOOK_EVENTS.has(line.event)) {
    const draft = toDraft(line, seen, hookFinding(line, seen, policies));
    return { type: "event", draft, seen, parent, ...(isBuiltIn(line) ? {} : { fromPolicy: true }) };
  }
  if (!seen) return { type: "unknown", what: clip(line.event, 64) };
  switch (line.event) {
    case "process_exec":
      if (/\bprocFS\b/.test(seen.process.flags ?? "")) return { type: "preload", seen, parent };
      return { type: "event", draft: execDraft(line, seen), seen, parent };
    case "process_fork":
      return { type: "event", draft: forkDraft(line, seen), seen, parent };
    case "process_exit":
      return { type: "event", draft: exitDraft(line, seen), seen, parent };
    default:
      return { type: "unknown", what: clip(line.event, 64) };
  }
}
