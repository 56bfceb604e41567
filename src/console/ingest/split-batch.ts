import type { LaneName } from "../../core/wire/common.ts";
import type { EventsBatchEnvelope } from "../../core/wire/events.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { PackedEvents } from "../rows/packed-events.ts";

/** A batch without its events. */
export type BatchHead = Omit<EventsBatchEnvelope, "events">;

/** A frame of events taken apart without looking at them. */
export interface SplitBatch {
  /** What stands before the events, when all of it is plainly what the schema asks for. */
  readonly head: BatchHead | undefined;
  /** The frame with an empty list where its events were. */
  envelope(): Uint8Array;
  readonly events: PackedEvents;
}

const MAX_FIELDS = 15;
const EMPTY_LIST = 0x90;
const EPOCH = /^[0-9a-f]{16}$/;
const LANES: Readonly<Record<string, LaneName>> = Object.assign(Object.create(null), {
  alert: "alert",
  bulk: "bulk",
  backlog: "backlog",
});

/** Steps over MessagePack as sensors write it; `at` is -1 once it is something else. */
class Steps {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Fields of a small map. */
  map(): number {
    const first = this.#take();
    if (first >= 0x80 && first <= 0x8f) return first & 0x0f;
    return first === 0xde ? this.#number(2) : this.#fail();
  }

  list(): number {
    const first = this.#take();
    if (first >= 0x90 && first <= 0x9f) return first & 0x0f;
    return first === 0xdc ? this.#number(2) : first === 0xdd ? this.#number(4) : this.#fail();
  }

  /** A short text, a character a byte: what is not ASCII is no name of ours. */
  text(): string {
    const first = this.#take();
    return this.#text(first >= 0xa0 && first <= 0xbf ? first & 0x1f : first === 0xd9 ? this.#number(1) : this.#fail());
  }

  /** A text or a number, undefined for one that is not whole: nothing else comes before the events but the missing ranges, which a batch rarely has. */
  scalar(): string | number | undefined {
    const first = this.#take();
    if (first < 0x80) return first;
    if (first >= 0xa0 && first <= 0xbf) return this.#text(first & 0x1f);
    if (first === 0xd9) return this.#text(this.#number(1));
    if (first >= 0xcc && first <= 0xcf) return this.#number(1 << (first - 0xcc));
    if (first === 0xcb) return this.#skip(8) ? this.#bytes.readDoubleBE(this.at - 8) : undefined;
    if (first < 0xe0) this.#fail();
    return undefined;
  }

  #take(): number {
    return this.at < 0 || this.at >= this.#bytes.length ? this.#fail() : this.#bytes[this.at++]!;
  }

  #number(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#take();
    return value;
  }

  #text(length: number): string {
    return this.#skip(length) ? this.#bytes.toString("latin1", this.at - length, this.at) : "";
  }

  #skip(bytes: number): boolean {
    if (this.at < 0 || bytes > this.#bytes.length - this.at) return this.#fail() > 0;
    this.at += bytes;
    return true;
  }

  #fail(): number {
    this.at = -1;
    return 0;
  }
}

/** What the fields before the events say: as the schema has them, each once. */
class Head {
  #epoch: string | undefined;
  #lane: LaneName | undefined;
  #first: number | undefined;
  #last: number | undefined;
  #plain = true;

  take(name: string, value: string | number | undefined): void {
    if (name === "epoch" && this.#epoch === undefined && typeof value === "string" && EPOCH.test(value))
      this.#epoch = value;
    else if (name === "lane" && this.#lane === undefined && typeof value === "string" && LANES[value])
      this.#lane = LANES[value];
    else if (name === "first_seq" && this.#first === undefined && isSeq(value)) this.#first = value;
    else if (name === "last_seq" && this.#last === undefined && isSeq(value)) this.#last = value;
    else this.#plain = false;
  }

  done(): BatchHead | undefined {
    const [epoch, lane, first_seq, last_seq] = [this.#epoch, this.#lane, this.#first, this.#last];
    if (!this.#plain || epoch === undefined || first_seq === undefined || last_seq === undefined) return undefined;
    return lane === undefined ? { epoch, first_seq, last_seq } : { epoch, lane, first_seq, last_seq };
  }
}

const isSeq = (value: string | number | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Takes a frame apart whose batch ends with its events, as every sensor writes it: `{ type: "events", batch: { …, events } }`. Undefined
 * for any other frame, which is read whole.
 */
export function splitBatch(bytes: Uint8Array): SplitBatch | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const steps = new Steps(buffer);
  if (steps.map() !== 2 || steps.text() !== "type" || steps.text() !== "events" || steps.text() !== "batch")
    return undefined;
  const fields = steps.map();
  if (fields > MAX_FIELDS) return undefined;
  const head = new Head();
  for (let field = 1; field < fields && steps.at >= 0; field++) head.take(steps.text(), steps.scalar());
  if (steps.text() !== "events") return undefined;
  const end = steps.at;
  const count = steps.list();
  // Each event has a byte at least; what is more than a batch may hold is refused where it is read whole.
  if (steps.at < 0 || count > LIMITS.eventsPerBatch || count > buffer.length - steps.at) return undefined;
  return {
    head: head.done(),
    envelope() {
      const envelope = new Uint8Array(end + 1);
      envelope.set(buffer.subarray(0, end));
      envelope[end] = EMPTY_LIST;
      return envelope;
    },
    events: new PackedEvents(buffer.subarray(steps.at), count),
  };
}
