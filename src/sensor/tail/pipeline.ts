import { Packr } from "msgpackr";
import { AppError } from "../../core/error.ts";
import type { PipelineMetrics } from "../../core/wire/state.ts";
import { MAX_PAYLOAD_BYTES } from "../../core/spool/format.ts";
import { BurstFolder } from "../detect/bursts.ts";
import type { Enricher } from "../enrich/enrich.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { makeLossDraft, type EngineStart, type EngineStats } from "../normalize/engine-events.ts";
import { MAX_LINE_BYTES, parseLine, type EngineLine } from "../normalize/line.ts";
import { STOP, type LineProgram, type Ran } from "../normalize/line-program.ts";
import { LineMemory } from "../normalize/line-memory.ts";
import { normalize, type Normalized } from "../normalize/normalize.ts";
import type { KnownPolicies } from "../policy/known.ts";
import { EventRoom } from "./event-room.ts";
import { laneOf, LINES_MISSING, PART } from "./lane-of.ts";
import { PackedEvents } from "./packed-events.ts";
import type { TailPosition } from "./position.ts";
import { QuickLines, recentTimesOf } from "./quick-lines.ts";

/** Counters of the steps between a line and the spool. */
export type PipelineCounters = Pick<
  PipelineMetrics,
  "lines_read" | "lines_malformed" | "lines_unknown" | "events_normalized" | "events_folded" | "kernel_lost"
> & {
  /** Processes found at the engine's start: ancestry only. */
  processes_preloaded: number;
  /** Lines that were read before; skipped. */
  lines_repeated: number;
  /** Events whose raw line had to go to fit the spool. */
  events_trimmed: number;
};

export interface PipelineHooks {
  readonly onStart?: (start: EngineStart) => void;
  readonly onStats?: (stats: EngineStats) => void;
  /** Every event of the engine's own sensors that is not about a process's beginning or end, and many of these, before bursts are folded. */
  readonly onEvent?: (draft: EventDraft) => void;
  /** The program that reads most lines had a fault: it goes on without. */
  readonly onFault?: (error: unknown) => void;
}

const NEWLINE = 10;

/** How a chunk is read. */
export interface ChunkOptions {
  /** Number that the next event of the bulk lane will get, most probably. */
  readonly nextSeq: number;
  /** The chunk was read before: of each line, the parts (bits of PART) whose events are durable already. */
  readonly parts?: readonly number[] | undefined;
  /** Takes events in their order, with the place of their line among the chunk's; true when they go to the bulk lane. */
  readonly give: (made: EventDraft | PackedEvents, place: number) => boolean;
}

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Lines in, events out. Pure but for what it remembers, all of it bounded; time is that of the events. */
export class Pipeline {
  readonly counters: PipelineCounters = {
    lines_read: 0,
    lines_malformed: 0,
    lines_unknown: 0,
    events_normalized: 0,
    events_folded: 0,
    kernel_lost: 0,
    processes_preloaded: 0,
    lines_repeated: 0,
    events_trimmed: 0,
  };
  readonly #enricher: Enricher;
  readonly #bursts: BurstFolder;
  readonly #memory = new LineMemory();
  readonly #hooks: PipelineHooks;
  readonly #policies: KnownPolicies;
  /** Of events from a chunk on: whoever made them durable clears it. */
  readonly room = new EventRoom();
  #quick: QuickLines | undefined;
  #runId: string;
  #line: number;
  /** Lines since the last one with a number that were counted as unreadable. */
  #unread: number;
  #timeUs = 0;

  constructor(
    enricher: Enricher,
    position: TailPosition,
    hooks: PipelineHooks = {},
    policies: KnownPolicies = new Map(),
    program?: LineProgram,
  ) {
    this.#enricher = enricher;
    this.#policies = policies;
    this.#bursts = new BurstFolder(position.bursts, program && recentTimesOf(program));
    if (program) this.#quick = new QuickLines(program, enricher, this.#bursts);
    this.#hooks = hooks;
    this.#runId = position.run_id;
    this.#line = position.line;
    this.#unread = position.unread ?? 0;
  }

  /** Events of whole lines, each of which ends with a line's end. Tells how many there were, and how many more were too long to be read. */
  chunk(data: Buffer, { nextSeq, parts, give }: ChunkOptions): { readonly lines: number; readonly overlong: number } {
    let [seq, place, overlong] = [nextSeq, 0, 0];
    for (let at = 0; at < data.length;) {
      const ran = parts === undefined ? this.#run(data, at, seq) : undefined;
      if (ran) {
        at = ran.at;
        place += ran.lines;
        const count = ran.ends.length;
        if (count > 0) give(new PackedEvents(this.room.keep(ran.bytes), ran.ends, seq), place - 1);
        seq += count;
        if (ran.stop !== STOP.notPlain) continue;
      }
      const end = data.indexOf(NEWLINE, at);
      if (end - at > MAX_LINE_BYTES) {
        overlong++;
        this.skip();
      } else if (end > at) {
        const drafts = this.line(data.toString("utf8", at, end), parts?.[place] ?? 0);
        for (const draft of drafts) if (give(draft, place)) seq++;
        place++;
      }
      at = end + 1;
    }
    return { lines: place, overlong };
  }

  /** What the program makes of lines from a place on; undefined when there is no program (any more) or it may not be asked. */
  #run(data: Buffer, at: number, seq: number): Ran | undefined {
    if (!this.#quick?.takes(data, at) || this.#unread > 0 || this.#runId === "") return undefined;
    try {
      const ran = this.#quick.run(data, at, { runId: this.#runId, line: this.#line + 1, seq });
      this.#line += ran.lines;
      this.#timeUs = Math.max(this.#timeUs, ran.latestUs);
      this.counters.lines_read += ran.lines;
      this.counters.events_normalized += ran.ends.length;
      return ran;
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  /** Goes on without the program and what it remembered. Throws what is no fault of it. */
  #giveUp(error: unknown): void {
    if (!this.#quick || !(error instanceof WebAssembly.RuntimeError)) throw error;
    this.#quick.detach();
    this.#quick = undefined;
    this.#hooks.onFault?.(error);
  }

  /**
   * Events of one line, in order: none, it, or several. `had` are the parts of it (bits of PART) whose events are durable from before
   * a crash: they are read for what they tell of later lines, and not given out again.
   */
  line(text: string, had = 0): EventDraft[] {
    this.counters.lines_read++;
    const line = parseLine(text, this.#memory);
    if (typeof line === "string") {
      this.counters.lines_malformed++;
      return [];
    }
    const gap = this.#follow(line);
    if (gap === undefined) return [];
    this.#timeUs = Math.max(this.#timeUs, line.timeUs);
    let drafts: EventDraft[];
    try {
      drafts = this.#meaning(line, (had & PART.event) !== 0);
    } catch (error) {
      this.#giveUp(error);
      drafts = this.#meaning(line, (had & PART.event) !== 0);
    }
    this.counters.events_folded = this.#bursts.folded;
    const ended = this.#bursts.flush(line.timeUs);
    if (gap.length === 0 && ended.length === 0) return drafts;
    return [...((had & PART.gap) !== 0 ? [] : gap), ...drafts, ...ended];
  }

  /** Checks the line's number; undefined when it was read before. Numbers that never came are a loss. */
  #follow(line: EngineLine): EventDraft[] | undefined {
    const sameRun = line.runId === this.#runId;
    const expected = sameRun ? this.#line + 1 : 1;
    if (sameRun && line.seq < expected) {
      this.counters.lines_repeated++;
      return undefined;
    }
    this.#runId = line.runId;
    this.#line = line.seq;
    const missing = line.seq - expected - this.#unread;
    this.#unread = 0;
    if (missing <= 0) return [];
    this.counters.kernel_lost += missing;
    return [makeLossDraft(LINES_MISSING, missing, this.#timeUs || line.timeUs, line.timeUs)];
  }

  /** Counts at the end: it is asked again when the program has a fault in between. */
  #meaning(line: EngineLine, had: boolean): EventDraft[] {
    const found = normalize(line, this.#policies);
    switch (found.type) {
      case "unknown":
        this.counters.lines_unknown++;
        return [];
      case "preload":
        this.#enricher.preload(found);
        this.counters.processes_preloaded++;
        return [];
      case "stats":
        this.#hooks.onStats?.(found.stats);
        return [];
      case "start":
        this.#hooks.onStart?.(found.start);
        this.counters.events_normalized++;
        return had ? [] : [found.draft];
      case "event": {
        const made = this.#event(found, had);
        this.counters.events_normalized++;
        this.counters.kernel_lost += found.draft.loss?.count ?? 0;
        return made;
      }
    }
  }

  #event(found: Extract<Normalized, { type: "event" }>, had: boolean): EventDraft[] {
    const draft = this.#enricher.event(found);
    // What a policy tells was told before: it is counted as no second flow, and folded into no burst.
    if (!found.fromPolicy) this.#hooks.onEvent?.(draft);
    if (had) return [];
    return found.fromPolicy || laneOf(draft) === "alert" ? [draft] : this.#bursts.offer(draft);
  }

  /** A line could not be read at all: its number does not come, and is counted where `unreadable` says so. */
  skip(): void {
    this.#unread++;
  }

  /** Counts lines that could not be read at all, and says so in an event. */
  unreadable(cause: "torn_line" | "long_line", count: number, nowUs: number): EventDraft {
    this.counters.lines_malformed += count;
    this.counters.kernel_lost += count;
    return makeLossDraft(cause, count, this.#timeUs || nowUs, nowUs);
  }

  /** Bursts that are over by the clock, when no line has come to say so. */
  tick(nowUs: number): EventDraft[] {
    return this.#bursts.flush(nowUs);
  }

  /** Every burst under way. */
  drain(): EventDraft[] {
    return this.#bursts.drain();
  }

  /** Where the tail stands once everything given out is durable. */
  position(segment: number, offset: number, skipping: boolean): TailPosition {
    return {
      segment,
      offset,
      skipping,
      run_id: this.#runId,
      line: this.#line,
      unread: this.#unread,
      bursts: [...this.#bursts.open],
    };
  }

  /** Events as the spool keeps them, numbered from `first` on. */
  encodeAll(made: readonly (EventDraft | PackedEvents)[], first: number): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    for (const one of made)
      if (one instanceof PackedEvents) one.addTo(payloads, first + payloads.length);
      else payloads.push(this.encode(one, first + payloads.length));
    return payloads;
  }

  /**
   * An event as the spool keeps it: MessagePack, its number inside. One too large loses its raw line, then its arguments; one that can't
   * be written at all is a loss, told in its place: nothing behind it may wait for it.
   */
  encode(draft: EventDraft, seq: number): Uint8Array {
    try {
      return this.#pack(draft, seq);
    } catch {
      const atUs = Number.isSafeInteger(draft.observed_at_us) ? draft.observed_at_us : this.#timeUs;
      return packr.pack({ seq, ...makeLossDraft("unwritable", 1, atUs, atUs) });
    }
  }

  #pack(draft: EventDraft, seq: number): Uint8Array {
    const bytes = packr.pack({ seq, ...draft });
    if (bytes.length <= MAX_PAYLOAD_BYTES) return bytes;
    this.counters.events_trimmed++;
    const { raw: _raw, ...rest } = draft;
    const less = packr.pack({ seq, ...rest, raw_truncated: true });
    if (less.length <= MAX_PAYLOAD_BYTES) return less;
    const { kind, severity, observed_at_us, message } = draft;
    const least = packr.pack({ seq, kind, severity, observed_at_us, message, raw_truncated: true });
    if (least.length > MAX_PAYLOAD_BYTES) throw new AppError("too_large", "an event does not fit the spool");
    return least;
  }
}
