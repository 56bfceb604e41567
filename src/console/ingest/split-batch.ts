import { LIMITS } from "../../core/wire/limits.ts";
import { PackedEvents } from "../rows/packed-events.ts";

/** A frame of events taken apart without looking at them. */
export interface SplitBatch {
  /** The frame with an empty list where its events were. */
  readonly envelope: Uint8Array;
  readonly events: PackedEvents;
}

const utf8 = (text: string): Buffer => Buffer.from(text);
const [TYPE, EVENTS, BATCH] = [utf8("type"), utf8("events"), utf8("batch")];
const MAX_FIELDS = 15;
const EMPTY_LIST = 0x90;

/** Steps over MessagePack as sensors write it; `at` is -1 once it is something else. */
class Steps {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get #left(): number {
    return this.#bytes.length - this.at;
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

  /** A short text. */
  text(): Uint8Array {
    const first = this.#take();
    const length = first >= 0xa0 && first <= 0xbf ? first & 0x1f : first === 0xd9 ? this.#number(1) : this.#fail();
    return this.#skip(length);
  }

  /** A text or a number: nothing else comes before the events but the missing ranges, which a batch rarely has. */
  scalar(): void {
    const first = this.#take();
    if (first < 0x80 || first >= 0xe0) return;
    if (first >= 0xa0 && first <= 0xbf) this.#skip(first & 0x1f);
    else if (first === 0xd9) this.#skip(this.#number(1));
    else if (first === 0xcb) this.#skip(8);
    else if (first >= 0xcc && first <= 0xcf) this.#skip(1 << (first - 0xcc));
    else this.#fail();
  }

  #take(): number {
    return this.at < 0 || this.#left < 1 ? this.#fail() : this.#bytes[this.at++]!;
  }

  #number(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#take();
    return value;
  }

  #skip(bytes: number): Uint8Array {
    if (this.at < 0 || bytes > this.#left) return (this.#fail(), new Uint8Array());
    this.at += bytes;
    return this.#bytes.subarray(this.at - bytes, this.at);
  }

  #fail(): number {
    this.at = -1;
    return 0;
  }
}

const is = (text: Uint8Array, expected: Buffer): boolean => expected.equals(text);

/**
 * Takes a frame apart whose batch ends with its events, as every sensor writes it: `{ type: "events", batch: { …, events } }`. Undefined
 * for any other frame, which is read whole.
 */
export function splitBatch(bytes: Uint8Array): SplitBatch | undefined {
  const steps = new Steps(bytes);
  if (steps.map() !== 2 || !is(steps.text(), TYPE) || !is(steps.text(), EVENTS) || !is(steps.text(), BATCH))
    return undefined;
  const fields = steps.map();
  if (fields > MAX_FIELDS) return undefined;
  for (let field = 1; field < fields && steps.at >= 0; field++) {
    steps.text();
    steps.scalar();
  }
  if (!is(steps.text(), EVENTS)) return undefined;
  const head = steps.at;
  const count = steps.list();
  // Each event has a byte at least; what is more than a batch may hold is refused where it is read whole.
  if (steps.at < 0 || count > LIMITS.eventsPerBatch || count > bytes.length - steps.at) return undefined;
  const envelope = new Uint8Array(head + 1);
  envelope.set(bytes.subarray(0, head));
  envelope[head] = EMPTY_LIST;
  return { envelope, events: new PackedEvents(bytes.subarray(steps.at), count) };
}
