import { Packr } from "msgpackr";

const packr = new Packr({ useRecords: false });
/** Of an event: its map's head, then `seq` as MessagePack, then the number. */
const NUMBER_AT = 5;
/** By a number's first byte, where it is not the number itself. */
const NUMBER_BYTES = new Map([
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcb, 9],
]);

/** Events as the spool keeps them, one behind the other, numbered from `firstSeq` on. */
export class PackedEvents {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #firstSeq: number;

  constructor(bytes: Uint8Array, ends: Uint32Array, firstSeq: number) {
    this.#bytes = bytes;
    this.#ends = ends;
    this.#firstSeq = firstSeq;
  }

  get count(): number {
    return this.#ends.length;
  }

  /** Adds the events, numbered from `firstSeq` on, to a list. */
  addTo(payloads: Uint8Array[], firstSeq: number): void {
    let from = 0;
    for (let i = 0; i < this.#ends.length; i++) {
      const to = this.#ends[i]!;
      const event = this.#bytes.subarray(from, to);
      // A lane that began anew meanwhile numbers anew.
      payloads.push(firstSeq === this.#firstSeq ? event : numbered(event, firstSeq + i));
      from = to;
    }
  }
}

function numbered(event: Uint8Array, seq: number): Uint8Array {
  const behind = NUMBER_AT + (NUMBER_BYTES.get(event[NUMBER_AT]!) ?? 1);
  return Buffer.concat([event.subarray(0, NUMBER_AT), packr.pack(seq), event.subarray(behind)]);
}
