import type { EngineBackend } from "../../core/wire/state.ts";
import { clip, countOf, defined, listOf, microsOf, objectOf, textOf } from "./fields.ts";
import { toDraft, type EventDraft } from "./draft.ts";
import type { EngineLine } from "./line.ts";

/** What the first line of an engine run says about it. */
export interface EngineStart {
  readonly runId: string;
  readonly version: string | undefined;
  readonly kernel: string | undefined;
  readonly backends: EngineBackend[];
  /** What happens after a kill is kept in the kernel for the next engine. */
  readonly pinned: boolean;
  /** It goes on with what an engine before it left in the kernel. */
  readonly adopted: boolean;
  /** Microseconds since 1970. */
  readonly atUs: number;
}

const PINNED = new Set(["new", "adopted"]);
const STATUSES = ["ok", "degraded", "rejected"] as const;

export function readEngineStart(line: EngineLine): EngineStart {
  const backends = listOf(line.body["backends"])
    .slice(0, 256)
    .map((entry): EngineBackend => {
      const b = objectOf(entry);
      const status = STATUSES.find((s) => s === b["status"]) ?? "degraded";
      return defined({
        sensor: textOf(b["sensor"], 64) ?? "",
        hook: textOf(b["hook"], 128) ?? "",
        backend: textOf(b["backend"], 32) ?? "",
        status,
        reason: textOf(b["reason"], 512),
      });
    });
  const pins = textOf(objectOf(line.body["pins"])["status"], 16) ?? "";
  return {
    runId: line.runId,
    version: textOf(line.body["version"], 64),
    kernel: textOf(line.body["kernel"], 256),
    backends,
    pinned: PINNED.has(pins),
    adopted: pins === "adopted",
    atUs: line.timeUs,
  };
}

export function engineStartDraft(line: EngineLine, start: EngineStart): EventDraft {
  const lesser = start.backends.filter((b) => b.status !== "ok");
  const detail: Record<string, string> = {
    run_id: start.runId,
    ...defined({ version: start.version, kernel: start.kernel }),
  };
  for (const b of start.backends.slice(0, 56))
    detail[clip(`${b.sensor}/${b.hook}`, 64)] = clip(
      `${b.backend}: ${b.status}${b.reason ? ` (${b.reason})` : ""}`,
      4096,
    );
  const pins = objectOf(line.body["pins"]);
  const status = textOf(pins["status"], 16);
  if (status !== undefined) {
    const reason = textOf(pins["reason"], 512);
    detail["pins"] = reason === undefined ? status : `${status}: ${reason}`;
  }
  // Its programs take longer than they would have to: nothing else would show it.
  const slower = textOf(objectOf(line.body["reads"])["reason"], 512);
  if (slower !== undefined) detail["reads"] = `helper: ${slower}`;
  const draft = toDraft(line, undefined, { kind: "engine_start", did: "", detail });
  const message = `The engine ${start.version ?? ""} started with ${start.backends.length - lesser.length} of ${start.backends.length} hooks in full.`;
  return {
    ...draft,
    message: message.replace("engine  ", "engine "),
    severity: slower !== undefined || lesser.some((b) => b.status === "rejected") ? "warning" : "info",
  };
}

export interface EngineStats {
  readonly rssBytes: number | undefined;
  readonly events: number | undefined;
  readonly lost: number | undefined;
}

export function readEngineStats(line: EngineLine): EngineStats {
  return {
    rssBytes: countOf(line.body["rss_bytes"]),
    events: countOf(line.body["events"]),
    lost: countOf(line.body["lost"]),
  };
}

/** Events lost before they could be read. Kernel times are boot-time; the line's own time dates them. */
export function lossDraft(line: EngineLine): EventDraft {
  const { body } = line;
  const count = countOf(body["count"]) ?? 0;
  const cause = textOf(body["cause"], 64) ?? "unknown";
  const from = countOf(body["from_ktime_ns"]);
  const to = countOf(body["to_ktime_ns"]);
  const spanUs = from !== undefined && to !== undefined && to > from ? Math.floor((to - from) / 1000) : 0;
  const toUs = microsOf(body["to_time"]) ?? line.timeUs;
  const fromUs = microsOf(body["from_time"]) ?? Math.max(0, toUs - spanUs);
  return makeLossDraft(cause, count, fromUs, toUs, line);
}

/** A policy that cost more than it may has switched itself off. */
export function policyOffDraft(line: EngineLine): EventDraft {
  const policy = textOf(line.body["policy_name"], 253) ?? "";
  const reason = textOf(line.body["reason"], 1024) ?? "";
  const draft = toDraft(line, undefined, { kind: "policy_off", did: "", detail: { reason } });
  return {
    ...draft,
    message: `The policy ${policy || "of an unknown name"} is not in force any more. ${reason}`.trim(),
  };
}

/** A loss found by the sensor itself: lines that never came, bytes that could not be read. `count` 0: nobody knows how many. */
export function makeLossDraft(
  cause: string,
  count: number,
  fromUs: number,
  toUs: number,
  line?: EngineLine,
): EventDraft {
  const base: EventDraft = line
    ? toDraft(line, undefined, { kind: "engine_loss", did: "" })
    : { kind: "engine_loss", severity: "warning", observed_at_us: toUs, message: "" };
  const lost = count === 0 ? "An unknown number of events was" : `${count} event${count === 1 ? " was" : "s were"}`;
  const message = `${lost} lost (${cause}).`;
  return { ...base, message, loss: { cause: clip(cause, 64), count, from_us: fromUs, to_us: toUs } };
}
