import { countMissing, Leaves, linkOf, missingText, type MissingRange } from "../../core/integrity/chain.ts";
import type { DurableCommit } from "../ingest/group-commit.ts";
import type { ChainKey, LinkRow } from "./store.ts";

/** Events of a block at most; a longer one is closed and the next begun. */
export const MAX_BLOCK_EVENTS = 4_096;

/** Numbers of one sequence that are durable and in no link yet. */
export class OpenBlock {
  readonly openedMs: number;
  readonly firstSeq: number;
  lastSeq: number;
  /** Something in it was not seen by this process: its leaves are read from the store. */
  broken = false;
  readonly #leaves = new Leaves();
  readonly #missing: MissingRange[] = [];
  #next: number;
  #firstUs: number | undefined;
  #lastUs = 0;

  constructor(firstSeq: number, openedMs: number) {
    this.firstSeq = firstSeq;
    this.lastSeq = firstSeq - 1;
    this.#next = firstSeq;
    this.openedMs = openedMs;
  }

  get events(): number {
    return this.#leaves.count;
  }

  /** True when every number from first to last is in it. */
  get whole(): boolean {
    return !this.broken && this.#next === this.lastSeq + 1;
  }

  /** An event by its leaf, which is only made when it is needed. */
  event(seq: number, atUs: number, leaf: () => Uint8Array): void {
    if (seq !== this.#next) this.broken = true;
    if (this.broken) return;
    this.#leaves.add(leaf());
    this.#next = seq + 1;
    this.#saw(atUs);
  }

  miss(range: MissingRange, atUs: number): void {
    if (range.from_seq !== this.#next) this.broken = true;
    if (this.broken) return;
    const { from_seq, to_seq, stage, cause } = range;
    this.#missing.push({ from_seq, to_seq, stage, cause });
    this.#next = to_seq + 1;
    this.#saw(atUs);
  }

  /** The link of this block, and its row. */
  seal(chain: ChainKey, previous: string, nowMs: number): LinkRow {
    const missing = missingText(this.#missing);
    const { firstSeq, lastSeq, events } = this;
    const { sensorId, epoch, tenantId } = chain;
    const digest = this.#leaves.digest();
    return {
      tenant_id: tenantId,
      sensor_id: sensorId,
      epoch,
      first_seq: firstSeq,
      last_seq: lastSeq,
      events,
      previous,
      digest,
      link: linkOf(previous, { sensorId, epoch, firstSeq, lastSeq, events, digest, missing }),
      missing,
      first_at: this.#firstUs ?? nowMs * 1000,
      last_at: Math.max(this.#firstUs ?? nowMs * 1000, this.#lastUs),
      sealed_at: nowMs,
    };
  }

  get missing(): number {
    return countMissing(this.#missing);
  }

  #saw(us: number): void {
    this.#firstUs = Math.min(this.#firstUs ?? us, us);
    this.#lastUs = Math.max(this.#lastUs, us);
  }
}

/** What a commit holds of its sequence, in order: events and missing ranges. */
export type Piece =
  /** An event, by its place in the commit. */
  | { readonly from: number; readonly index: number }
  | { readonly from: number; readonly range: MissingRange; readonly atUs: number };

/** Pieces of a commit in the order of their numbers. */
export function piecesOf(commit: DurableCommit): Piece[] {
  const ranges = commit.losses.filter((loss) => loss.source === "range");
  const { events } = commit;
  const rows = Array.from({ length: events.count }, (_, index): Piece => ({ from: events.seqAt(index), index }));
  if (ranges.length === 0) return rows;
  const refused = new Set(commit.refused.map(({ seq }) => seq));
  const kept = refused.size === 0 ? rows : rows.filter(({ from }) => !refused.has(from));
  const lost = ranges.map(({ from_seq, to_seq, stage, cause, from_at }): Piece => ({
    from: from_seq,
    range: { from_seq, to_seq, stage, cause },
    atUs: from_at,
  }));
  return [...kept, ...lost].toSorted((a, b) => a.from - b.from);
}
