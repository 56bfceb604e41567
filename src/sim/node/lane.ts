import { EventSource, type SimLane } from "../event/source.ts";
import { Schedule } from "../event/schedule.ts";
import { hex16 } from "../mix.ts";
import { packed } from "../link/codec.ts";
import type { Profile } from "../options.ts";

/** What a batch may hold. Its bytes are below a frame's limit even when nothing in it can be compressed. */
const MAX_BATCH_EVENTS = 1_000;
const MAX_BATCH_BYTES = 700 * 1024;

export interface LaneOptions {
  readonly name: SimLane;
  readonly profile: Profile;
  readonly seed: number;
  readonly index: number;
  /** Number of this run of the fleet: each begins new epochs. */
  readonly run: number;
  readonly rate: number;
  readonly burst: { readonly probability: number; readonly size: number };
  /** Microseconds since 1970 at the sensor's start, by the sensor's own clock. */
  readonly baseUs: number;
  readonly queueEvents: number;
}

const LANE_NUMBER: Readonly<Record<SimLane, number>> = { bulk: 0, alert: 1 };
const scratch = Buffer.alloc(MAX_BATCH_BYTES + 64 * 1024);

/** One sequence of one sensor. The queue holds no events, only which of them are not acknowledged: they can be made again. */
export class Lane {
  readonly name: SimLane;
  readonly epoch: string;
  readonly #schedule: Schedule;
  readonly #source: EventSource;
  readonly #baseUs: number;
  readonly #bound: number;
  /** Highest number given, sent in this life of the stream, and acknowledged. */
  generated = 0;
  sent = 0;
  acked = 0;
  credit = 0;
  /** Highest number ever sent: what an earlier stream sent may become durable, and be acknowledged, on this one. */
  #highest = 0;
  /** Everything up to here that was not sent in time is gone. */
  #goneTo = 0;
  /** Ranges said to be missing and not acknowledged yet. */
  #told: { from: number; to: number }[] = [];
  /** Numbers acknowledged that were said to be missing. */
  missing = 0;
  /** A number whose acknowledgement is timed, and since when. */
  #timed = 0;
  #timedMs = 0;

  constructor(o: LaneOptions) {
    this.name = o.name;
    this.epoch = hex16(o.seed, o.index, LANE_NUMBER[o.name], o.run, 31);
    this.#schedule = new Schedule(o);
    this.#source = new EventSource(o.profile, o.name, o.seed, o.index, o.run);
    this.#baseUs = o.baseUs;
    this.#bound = o.queueEvents;
  }

  get waiting(): number {
    return this.generated - this.sent;
  }

  get underWay(): number {
    return this.sent - this.acked;
  }

  /** Makes what has happened by now; what no longer fits into the queue is dropped, oldest first. */
  generate(elapsedMs: number): void {
    this.generated = Math.max(this.generated, this.#schedule.count(elapsedMs));
    const over = this.generated - this.#bound;
    // What has been sent may have arrived: it is not dropped but waits for its acknowledgement.
    if (over > Math.max(this.sent, this.#goneTo)) this.#goneTo = over;
  }

  /** The stream begins anew behind what the Console has. False when it claims what was never sent. */
  resume(ackedSeq: number, nowMs: number): boolean {
    if (!this.acknowledge(ackedSeq, nowMs)) return false;
    this.sent = this.acked;
    this.#told = [];
    this.#timed = 0;
    return true;
  }

  /** Takes an acknowledgement; false when it is for more than was ever sent. Milliseconds it took, when timed, go to `latency`. */
  acknowledge(seq: number, nowMs: number, latency?: (ms: number) => void): boolean {
    if (seq > this.#highest) return false;
    if (seq <= this.acked) return true;
    while (this.#told.length > 0 && this.#told[0]!.to <= seq) {
      const { from, to } = this.#told.shift()!;
      this.missing += to - from + 1;
    }
    this.acked = seq;
    this.sent = Math.max(this.sent, seq);
    if (this.#timed > 0 && seq >= this.#timed) {
      latency?.(nowMs - this.#timedMs);
      this.#timed = 0;
    }
    return true;
  }

  /** Message of event `seq`. */
  message(seq: number): string {
    return this.#source.message(seq);
  }

  /** The next batch as packed bytes within the credit, counted as sent; undefined when there is none. */
  nextBatch(nowMs: number): Uint8Array | undefined {
    const room = Math.min(this.credit - this.underWay, MAX_BATCH_EVENTS);
    if (room <= 0 || this.waiting <= 0) return undefined;
    const first = this.sent + 1;
    const gone = this.#goneTo >= first ? { from: first, to: this.#goneTo } : undefined;
    let last = gone ? gone.to : first - 1;
    let bytes = 0;
    const end = Math.min(this.generated, last + room);
    while (last < end && bytes < MAX_BATCH_BYTES - 4096) bytes += this.#source.sizeOf(++last);
    const batch = this.pack(first, last, gone);
    if (gone) this.#told.push(gone);
    this.sent = last;
    this.#highest = Math.max(this.#highest, last);
    if (this.#timed === 0) {
      this.#timed = last;
      this.#timedMs = nowMs;
    }
    return batch;
  }

  /** A batch of events `first` to `last`, but for those that are gone. */
  pack(first: number, last: number, gone?: { from: number; to: number }, epoch = this.epoch): Uint8Array {
    const from = gone ? gone.to + 1 : first;
    const head: Record<string, unknown> = { epoch, lane: this.name, first_seq: first, last_seq: last };
    if (gone) head["missing"] = [{ from_seq: gone.from, to_seq: gone.to, cause: "spool_full" }];
    let at = 0;
    const put = (bytes: Uint8Array): void => {
      scratch.set(bytes, at);
      at += bytes.length;
    };
    put(ENVELOPE);
    scratch[at++] = 0x80 | (Object.keys(head).length + 1);
    for (const [key, value] of Object.entries(head)) {
      put(packed(key));
      put(packed(value));
    }
    put(EVENTS_KEY);
    const count = Math.max(0, last - from + 1);
    scratch[at] = 0xdd;
    scratch.writeUInt32BE(count, at + 1);
    at += 5;
    for (let seq = from; seq <= last; seq++)
      at = this.#source.write(scratch, at, seq, this.#baseUs + this.#schedule.timeUs(seq));
    return Bun.zstdCompressSync(scratch.subarray(0, at), { level: 1 });
  }
}

/** `{ type: "events", batch: …` of a frame. */
const ENVELOPE = Buffer.concat(
  [Buffer.of(0x82), packed("type"), packed("events"), packed("batch")].map((b) => Buffer.from(b)),
);
const EVENTS_KEY = Buffer.from(packed("events"));
