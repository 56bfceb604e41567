import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { Spool } from "../../core/spool/spool.ts";
import type { EventDraft } from "../normalize/draft.ts";
import type { Pipeline } from "./pipeline.ts";
import { encodePosition, type TailPosition } from "./position.ts";
import type { Chunk, SegmentReader } from "./reader.ts";

/** Ten looks a second cost 2 % of a core on an idle host, four less than half of that; the Console still has an event in a quarter of a second. */
const POLL_MS = 250;
const RETRY_MS = 1_000;
const MAX_INJECTED = 1_000;
const MAX_POSITION_BYTES = 128 * 1024;

export interface TailOptions {
  readonly reader: SegmentReader;
  readonly pipeline: Pipeline;
  readonly spool: Spool;
  readonly position: TailPosition;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after events became durable. */
  readonly onSpooled: (count: number) => void;
}

/** Carries the engine's lines into the spool. The only writer of the spool. */
export class Tail implements Service {
  readonly name = "tail";
  readonly #o: TailOptions;
  readonly #injected: EventDraft[] = [];
  #segment: number;
  #offset: number;
  /** Events that are durable in the spool, since start. */
  spooled = 0;
  /** Events of the sensor itself that could not be taken because too many were waiting. */
  refused = 0;
  /** Appends that the disk refused; each was tried again. */
  appendFailures = 0;

  constructor(options: TailOptions) {
    this.#o = options;
    this.#segment = options.position.segment;
    this.#offset = options.position.offset;
  }

  /** Puts an event of the sensor itself (the engine died) into the stream. */
  inject(draft: EventDraft): void {
    if (this.#injected.length >= MAX_INJECTED) this.refused++;
    else this.#injected.push(draft);
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        // A trickle is taken four times a second, not line by line: each append costs a flush of the disk.
        if (!(await this.step(signal))) await this.#o.clock.sleep(POLL_MS, signal);
      }
      // What the engine wrote before it was stopped still counts.
      while (await this.step(AbortSignal.timeout(10_000)));
      await this.#append(this.#o.pipeline.drain(), AbortSignal.timeout(10_000));
    } finally {
      await this.#o.reader.close();
    }
  }

  /** Reads what there is, up to a chunk, and makes it durable. True when there is more at once. */
  async step(signal: AbortSignal): Promise<boolean> {
    const { reader, pipeline, clock, log } = this.#o;
    let chunk: Chunk | undefined;
    try {
      chunk = await reader.read();
    } catch (error) {
      log.error("the engine's output can't be read; it is tried again", { error });
      await clock.sleep(RETRY_MS, signal);
      return false;
    }
    const nowUs = clock.nowMs() * 1000;
    const drafts = this.#injected.splice(0);
    if (chunk) for (const line of chunk.lines) drafts.push(...pipeline.line(line));
    if (chunk?.overlong) drafts.push(pipeline.unreadable("long_line", chunk.overlong, nowUs));
    if (chunk?.tornBytes) drafts.push(pipeline.unreadable("torn_line", 1, nowUs));
    // Lines arrive a little after their time; a burst is only over by the clock when a second more has passed.
    if (!chunk) drafts.push(...pipeline.tick(nowUs - 1_000_000));
    if (!chunk && drafts.length === 0) return false;
    const before = this.#segment;
    if (chunk) {
      this.#segment = chunk.segment;
      this.#offset = chunk.offset;
    }
    if (!(await this.#append(drafts, signal))) return false;
    if (this.#segment !== before) await reader.forget(this.#segment);
    return chunk?.more ?? false;
  }

  /** Appends until it works: the pipeline has moved on already, these events exist nowhere else. */
  async #append(drafts: EventDraft[], signal: AbortSignal): Promise<boolean> {
    const { pipeline, spool, clock, log } = this.#o;
    let position = encodePosition(pipeline.position(this.#segment, this.#offset));
    if (position.length > MAX_POSITION_BYTES) {
      drafts.push(...pipeline.drain());
      position = encodePosition(pipeline.position(this.#segment, this.#offset));
    }
    const first = spool.nextSeq;
    const payloads = drafts.map((draft, i) => pipeline.encode(draft, first + i));
    for (;;) {
      try {
        await spool.append(payloads, position);
        this.spooled += payloads.length;
        if (payloads.length > 0) this.#o.onSpooled(payloads.length);
        return true;
      } catch (error) {
        this.appendFailures++;
        log.error("events can't be written to the spool; reading stands still until it works", { error });
        if (signal.aborted) return false;
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }
}
