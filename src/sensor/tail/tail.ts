import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { LaneKind } from "../../core/spool/lane-dirs.ts";
import type { LaneSet } from "../../core/spool/lane-set.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { makeLossDraft } from "../normalize/engine-events.ts";
import { laneOf, partOf } from "./lane-of.ts";
import { PackedEvents } from "./packed-events.ts";
import type { Pipeline } from "./pipeline.ts";
import { encodePosition, type Replay, type TailStart } from "./position.ts";
import { CHUNK_BYTES, type Chunk, type SegmentReader } from "./reader.ts";

/** Ten looks a second cost 2 % of a core on an idle host, four less than half of that; the Console still has an alert in a quarter of a second. */
const POLL_MS = 250;
/** What is no alert is made durable, and so sent, twice a second at most: at a trickle flushes and frames cost what events do. */
const GATHER_MS = 450;
const RETRY_MS = 1_000;
const MAX_INJECTED = 1_000;
const MAX_POSITION_BYTES = 128 * 1024;

export interface TailOptions {
  readonly reader: SegmentReader;
  readonly pipeline: Pipeline;
  readonly lanes: Pick<LaneSet, "append">;
  readonly start: TailStart;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after events became durable. */
  readonly onSpooled: (count: number) => void;
}

/** What a step is about to make durable. */
interface Made {
  readonly alert: EventDraft[];
  readonly bulk: (EventDraft | PackedEvents)[];
  /** As in the position of the alert lane. */
  readonly done: number[];
  /** Lines of the chunk. */
  lines: number;
}

/** Chunks that were read and hold nothing urgent: their events go with those of the next one. */
interface Gathered {
  readonly bulk: (EventDraft | PackedEvents)[];
  bytes: number;
  lines: number;
  /** Behind them. */
  position: Uint8Array;
}

/**
 * Carries the engine's lines into the spool; the only writer of its lanes. The alert lane is written first, then the bulk lane, each
 * with the position after the chunk: after a crash between the two the chunk is read again, and what is in the alert lane is left out.
 */
export class Tail implements Service {
  readonly name = "tail";
  readonly #o: TailOptions;
  readonly #injected: EventDraft[] = [];
  #replay: Replay | undefined;
  #anchored: boolean;
  #segment: number;
  #offset: number;
  #skipping: boolean;
  /** An append was given up because the sensor stops: what it held is read again by the next start, and nothing beyond it now. */
  #gaveUp = false;
  #gathered: Gathered | undefined;
  #appendedMs = -Infinity;
  /** Number the next event of the bulk lane gets, unless the lane begins anew before. */
  #nextSeq = 1;
  /** Events that are durable in the spool, since start. */
  spooled = 0;
  /** Events of the sensor itself that were not taken because too many waited, not told yet. */
  #refused = { count: 0, fromUs: 0, toUs: 0 };
  /** Appends that the disk refused; each was tried again. */
  appendFailures = 0;

  constructor(options: TailOptions) {
    this.#o = options;
    const { position, replay, anchored } = options.start;
    this.#segment = position.segment;
    this.#offset = position.offset;
    this.#skipping = position.skipping ?? false;
    this.#replay = replay;
    this.#anchored = anchored;
  }

  /** Puts an event of the sensor itself (the engine died) into the stream. */
  inject(draft: EventDraft): void {
    if (this.#injected.length < MAX_INJECTED) return void this.#injected.push(draft);
    const { count, fromUs, toUs } = this.#refused;
    const atUs = draft.observed_at_us;
    this.#refused = { count: count + 1, fromUs: count > 0 ? Math.min(fromUs, atUs) : atUs, toUs: Math.max(toUs, atUs) };
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        // A trickle is taken four times a second, not line by line: each append costs a flush of the disk.
        if (!(await this.step(signal, true))) await this.#o.clock.sleep(POLL_MS, signal);
      }
      // What the engine wrote before it was stopped still counts.
      while (await this.step(AbortSignal.timeout(10_000)));
      if (!this.#gaveUp) await this.#append("bulk", this.#o.pipeline.drain(), AbortSignal.timeout(10_000));
    } finally {
      await this.#o.reader.close();
    }
  }

  /**
   * Reads what there is, up to a chunk, and makes it durable; what is not urgent may wait for the next step, when it is allowed to.
   * True when there is more at once.
   */
  async step(signal: AbortSignal, mayGather = false): Promise<boolean> {
    const { reader, clock, log } = this.#o;
    if (this.#gaveUp) return false;
    let chunk: Chunk | undefined;
    try {
      chunk = await reader.read(this.#replay);
    } catch (error) {
      log.error("the engine's output can't be read; it is tried again", { error });
      await clock.sleep(RETRY_MS, signal);
      return false;
    }
    const fits = chunk === undefined || this.#fits(chunk);
    if (this.#gathered && !fits && !(await this.#appendGathered(signal))) return false;
    const made = this.#make(chunk);
    if (!chunk && !this.#gathered && made.alert.length === 0 && made.bulk.length === 0) return false;
    if (made.alert.length > 0 && !this.#anchored) {
      const from = encodePosition(this.#o.start.position);
      if (!(await this.#untilDurable("bulk", [], from, signal))) return false;
    }
    const before = this.#segment;
    if (chunk) {
      this.#segment = chunk.segment;
      this.#offset = chunk.offset;
      this.#skipping = chunk.skipping;
    }
    const isEarly = this.#anchored && clock.monotonicMs() - this.#appendedMs < GATHER_MS;
    this.#anchored = true;
    if (mayGather && isEarly && chunk && !chunk.more && fits && made.alert.length === 0) {
      this.#gather(chunk, made);
      return false;
    }
    if (made.alert.length > 0 && !(await this.#append("alert", made.alert, signal, made.done))) return false;
    const bulk = this.#gathered ? [...this.#gathered.bulk, ...made.bulk] : made.bulk;
    const isDue = chunk !== undefined || bulk.length > 0 || this.#gathered !== undefined;
    this.#gathered = undefined;
    // The position moves with the bulk lane, so it is written even when nothing of the chunk is bulk.
    if (isDue && !(await this.#append("bulk", bulk, signal))) return false;
    this.#o.pipeline.room.clear();
    if (this.#segment !== before) await reader.forget(this.#segment);
    return chunk?.more ?? false;
  }

  /** Whether a chunk can be read again together with what is gathered: it follows it in the same segment, and is not too much. */
  #fits(chunk: Chunk): boolean {
    const isPlain = chunk.segment === this.#segment && chunk.tornBytes === 0 && !chunk.overlong && !chunk.skipping;
    return isPlain && chunk.offset - this.#offset + (this.#gathered?.bytes ?? 0) <= CHUNK_BYTES;
  }

  #gather(chunk: Chunk, made: Made): void {
    const { bulk = [], bytes = 0, lines = 0 } = this.#gathered ?? {};
    bulk.push(...made.bulk);
    this.#gathered = {
      bulk,
      bytes: bytes + chunk.data.length,
      lines: lines + made.lines,
      position: this.#position(),
    };
  }

  async #appendGathered(signal: AbortSignal): Promise<boolean> {
    const { bulk, position } = this.#gathered!;
    this.#gathered = undefined;
    return this.#untilDurable("bulk", bulk, position, signal);
  }

  /** Turns a chunk, and what the sensor itself has to say, into events of both lanes. */
  #make(chunk: Chunk | undefined): Made {
    const { pipeline, clock } = this.#o;
    const nowUs = clock.nowMs() * 1000;
    const replay = this.#replay;
    const again = chunk && replay?.segment === chunk.segment && replay.offset === chunk.offset ? replay : undefined;
    if (chunk) this.#replay = undefined;
    const made: Made = {
      alert: [],
      bulk: [],
      done: again ? again.parts.flatMap((bits, i) => (bits ? [i * 4 + bits] : [])) : [],
      lines: 0,
    };
    const { bulk: waiting = [], lines: linesBefore = 0 } = this.#gathered ?? {};
    const put = (draft: EventDraft): void => void made[laneOf(draft)].push(draft);
    for (const draft of this.#injected.splice(0)) put(draft);
    const { count, fromUs, toUs } = this.#refused;
    if (count > 0) put(makeLossDraft("sensor_events", count, fromUs, toUs));
    this.#refused = { count: 0, fromUs: 0, toUs: 0 };
    // Lines arrive a little after their time; a burst is only over by the clock when a second more has passed.
    if (!chunk) for (const draft of pipeline.tick(nowUs - 1_000_000)) put(draft);
    let overlong = 0;
    if (chunk) {
      const give = (event: EventDraft | PackedEvents, place: number): boolean => {
        const lane = event instanceof PackedEvents ? "bulk" : laneOf(event);
        if (lane === "bulk") return made.bulk.push(event) > 0;
        const draft = event as EventDraft;
        made.done.push((linesBefore + place) * 4 + partOf(draft));
        made.alert.push(draft);
        return false;
      };
      let nextSeq = this.#nextSeq + made.bulk.length;
      for (const one of waiting) nextSeq += one instanceof PackedEvents ? one.count : 1;
      const read = pipeline.chunk(chunk.data, { nextSeq, parts: again?.parts, give });
      overlong = read.overlong;
      made.lines = read.lines;
      if (chunk.overlong) {
        overlong++;
        pipeline.skip();
      }
    }
    if (chunk?.tornBytes) pipeline.skip();
    if (!again) {
      if (overlong > 0) put(pipeline.unreadable("long_line", overlong, nowUs));
      if (chunk?.tornBytes) put(pipeline.unreadable("torn_line", 1, nowUs));
    }
    return made;
  }

  #position(done?: readonly number[]): Uint8Array {
    const position = this.#o.pipeline.position(this.#segment, this.#offset, this.#skipping);
    return encodePosition(done ? { ...position, bursts: [], done: [...done] } : position);
  }

  #append(
    kind: LaneKind,
    drafts: (EventDraft | PackedEvents)[],
    signal: AbortSignal,
    done?: readonly number[],
  ): Promise<boolean> {
    let position = this.#position(done);
    if (position.length > MAX_POSITION_BYTES && kind === "bulk") {
      drafts.push(...this.#o.pipeline.drain());
      position = this.#position();
    }
    return this.#untilDurable(kind, drafts, position, signal);
  }

  /** Appends until it works: the pipeline has moved on already, these events exist nowhere else. */
  async #untilDurable(
    kind: LaneKind,
    drafts: readonly (EventDraft | PackedEvents)[],
    position: Uint8Array,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { pipeline, lanes, clock, log } = this.#o;
    let first = 0;
    const make = (from: number): Uint8Array[] => {
      first = from;
      return pipeline.encodeAll(drafts, from);
    };
    for (;;) {
      try {
        const count = await lanes.append(kind, make, position);
        this.spooled += count;
        this.#appendedMs = clock.monotonicMs();
        if (kind === "bulk") this.#nextSeq = first + count;
        if (count > 0) this.#o.onSpooled(count);
        return true;
      } catch (error) {
        this.appendFailures++;
        log.error("events can't be written to the spool; reading stands still until it works", { error });
        if (signal.aborted) {
          this.#gaveUp = true;
          return false;
        }
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }
}
