import { canonicalJson } from "../sign/canonical.ts";
import { sha256, toHex } from "./hash.ts";

/** Numbers of a sequence that are not there, and what is said of them. */
export interface MissingRange {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly stage: string;
  readonly cause: string;
}

/** A block of a sequence: every number from first to last is an event in the digest, or missing. */
export interface Block {
  readonly sensorId: string;
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How many events went into the digest. */
  readonly events: number;
  /** Hex. */
  readonly digest: string;
  /** As `missingText` writes it. */
  readonly missing: string;
}

/** What every leaf of one sequence begins with: made once, used for all its events. */
export function leafPrefix(sensorId: string, epoch: string): string {
  return `telovix event v1\n${sensorId}\n${epoch}\n`;
}

const encoder = new TextEncoder();
// Joined texts would be copied once more than bytes written behind each other, which costs more than the hash itself.
let scratch = new Uint8Array(64 * 1024);
let scratchPrefix = "";
let prefixBytes = 0;

/** A UTF-16 unit is three bytes of UTF-8 at most. */
function makeRoom(chars: number): void {
  if (scratch.length >= chars * 3) return;
  scratch = new Uint8Array(chars * 4);
  scratchPrefix = "";
}

/** Writes a part at `at`; gives where it ends. */
function put(part: string | Uint8Array, at: number): number {
  if (typeof part === "string") return at + encoder.encodeInto(part, scratch.subarray(at)).written;
  scratch.set(part, at);
  return at + part.length;
}

/**
 * The leaf of an event: SHA-256 over who it is of, its number, its JSON text as stored and its raw line, a newline between each.
 * JSON text holds no newline, so that no two events have the same bytes. Texts may be given as their UTF-8.
 */
export function leafOf(prefix: string, seq: number, event: string | Uint8Array, raw: string | Uint8Array): Uint8Array {
  makeRoom(prefix.length + event.length + raw.length + 32);
  if (prefix !== scratchPrefix) {
    prefixBytes = encoder.encodeInto(prefix, scratch).written;
    scratchPrefix = prefix;
  }
  let end = put(event, put(`${seq}\n`, prefixBytes));
  scratch[end++] = 10;
  if (raw.length > 0) end = put(raw, end);
  return sha256(scratch.subarray(0, end));
}

/** Gathers leaves in the order of their numbers and gives the digest over them. */
export class Leaves {
  #bytes = new Uint8Array(32 * 64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(leaf: Uint8Array): void {
    const at = this.#count * 32;
    if (at === this.#bytes.length) {
      const larger = new Uint8Array(at * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(leaf, at);
    this.#count++;
  }

  /** SHA-256 over all leaves, hex. */
  digest(): string {
    return toHex(sha256(this.#bytes.subarray(0, this.#count * 32)));
  }
}

/** How many numbers ranges hold together. */
export function countMissing(missing: readonly MissingRange[]): number {
  return missing.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
}

/** Whether a number lies in one of the ranges, which are in order. */
export function isMissing(missing: readonly MissingRange[], seq: number): boolean {
  let low = 0;
  let high = missing.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (missing[middle]!.to_seq < seq) low = middle + 1;
    else high = middle;
  }
  const range = missing[low];
  return range !== undefined && range.from_seq <= seq;
}

/** Canonical text of a block's missing ranges; empty when there are none. */
export function missingText(missing: readonly MissingRange[]): string {
  return missing.length === 0
    ? ""
    : canonicalJson(missing.map(({ from_seq, to_seq, stage, cause }) => ({ from_seq, to_seq, stage, cause })));
}

/** The link of a block behind the link before it, hex. */
export function linkOf(previous: string, block: Block): string {
  const { sensorId, epoch, firstSeq, lastSeq, events, digest, missing } = block;
  return toHex(
    sha256(
      `telovix link v1\n${previous}\n${sensorId}\n${epoch}\n${firstSeq}\n${lastSeq}\n${events}\n${digest}\n${missing}`,
    ),
  );
}
