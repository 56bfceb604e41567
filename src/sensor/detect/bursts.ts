import { severityRank } from "../../core/event/severity.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { BoundedMap } from "../enrich/lru.ts";
import { clip } from "../normalize/fields.ts";

const WINDOW_US = 1_000_000;
const MAX_KEYS = 4096;
/** Open bursts at once; they are part of the tail's cursor, so their number is small. */
export const MAX_OPEN_BURSTS = 32;

const RULES = {
  process_exec: { least: 5, kind: "process_exec_burst", what: "programs were started" },
  process_fork: { least: 3, kind: "process_fork_burst", what: "processes were forked" },
} as const;

/** A burst under way: events folded into it are nowhere else any more. */
export interface OpenBurst {
  readonly key: string;
  readonly representative: EventDraft;
  readonly firstUs: number;
  lastUs: number;
  count: number;
}

/** Times of the latest events that passed, by key, at most threshold - 1 of each. */
export interface RecentTimes {
  get(key: string): readonly number[] | undefined;
  set(key: string, times: readonly number[]): void;
}

/**
 * Folds bursts by event time: of one kind and parent binary, the first events within a second pass at once (4 execs,
 * 2 forks), and from the one that completes the threshold on they are folded, for one second, into one event that
 * keeps their count and the first of them. So nothing that passes waits, and a flood costs one event a second.
 * Events of severity high and above always pass. What is folded is counted: in = out + folded.
 */
export class BurstFolder {
  #recent: RecentTimes;
  readonly #open = new Map<string, OpenBurst>();
  /** Events folded since the start, those in open bursts included. */
  folded = 0;

  constructor(open: readonly OpenBurst[] = [], recent: RecentTimes = new BoundedMap<readonly number[]>(MAX_KEYS)) {
    this.#recent = recent;
    for (const burst of open) this.#open.set(burst.key, { ...burst });
  }

  /** Bursts that a crash must not lose. */
  get open(): readonly OpenBurst[] {
    return [...this.#open.values()];
  }

  /** When the first of the open bursts ends, in microseconds since 1970; Infinity without any. */
  get firstEndUs(): number {
    let us = Infinity;
    for (const { firstUs } of this.#open.values()) us = Math.min(us, firstUs + WINDOW_US);
    return us;
  }

  /** Goes on without the times it has. */
  forgetRecent(): void {
    this.#recent = new BoundedMap<readonly number[]>(MAX_KEYS);
  }

  /** What goes on because of this event: itself, unless it is folded, and bursts that end before it. */
  offer(draft: EventDraft): EventDraft[] {
    const rule = draft.kind === "process_exec" || draft.kind === "process_fork" ? RULES[draft.kind] : undefined;
    if (!rule || severityRank(draft.severity) >= severityRank("high")) return [draft];
    const nowUs = draft.observed_at_us;
    const key = `${draft.kind}|${draft.process?.parent_binary ?? ""}`;
    const out: EventDraft[] = [];
    const burst = this.#open.get(key);
    if (burst && nowUs < burst.firstUs + WINDOW_US) {
      burst.count++;
      burst.lastUs = Math.max(burst.lastUs, nowUs);
      this.folded++;
      return out;
    }
    if (burst) out.push(this.#close(burst));
    const recent = (this.#recent.get(key) ?? []).slice();
    while (recent.length > 0 && recent[0]! <= nowUs - WINDOW_US) recent.shift();
    // A burst that goes on past its second is at once the next one.
    if (recent.length >= rule.least - 1 || (burst && nowUs - burst.lastUs < WINDOW_US && burst.count >= rule.least)) {
      this.#recent.set(key, recent);
      out.push(...this.#begin(key, draft));
      return out;
    }
    recent.push(nowUs);
    this.#recent.set(key, recent);
    out.push(draft);
    return out;
  }

  /** Bursts whose second is over at `nowUs` (event time). */
  flush(nowUs: number): EventDraft[] {
    if (this.#open.size === 0) return [];
    return [...this.#open.values()].filter((b) => nowUs >= b.firstUs + WINDOW_US).map((b) => this.#close(b));
  }

  /** All open bursts: for the end. */
  drain(): EventDraft[] {
    return this.flush(Infinity);
  }

  #begin(key: string, draft: EventDraft): EventDraft[] {
    const { raw: _raw, raw_truncated: _cut, ...representative } = draft;
    this.#open.set(key, { key, representative, firstUs: draft.observed_at_us, lastUs: draft.observed_at_us, count: 1 });
    this.folded++;
    if (this.#open.size <= MAX_OPEN_BURSTS) return [];
    return [this.#close(this.#open.values().next().value!)];
  }

  #close(burst: OpenBurst): EventDraft {
    this.#open.delete(burst.key);
    const { representative, count, firstUs, lastUs } = burst;
    const rule = representative.kind === "process_exec" ? RULES.process_exec : RULES.process_fork;
    const parent = representative.process?.parent_binary ?? "";
    return {
      ...representative,
      kind: rule.kind,
      severity: "warning",
      message: clip(
        `${count} more ${rule.what} within a second by ${parent || "one program"}, such as ${representative.process?.binary ?? "?"}.`,
        2048,
      ),
      burst: { count, window_ms: WINDOW_US / 1000, first_us: firstUs, last_us: lastUs },
    };
  }
}
