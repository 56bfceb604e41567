import type { Loaded } from "./load.ts";
import { encodeMeta, writeFileAtomic, type Newest } from "./meta.ts";

/** Where a spool stands in its numbers, and the cursor file that says so after a crash. */
export class Cursor {
  /** Number the next event gets. */
  next: number;
  /** Highest acknowledged number. */
  acked: number;
  readonly #dir: string;
  readonly #epoch: string;
  #savedAck: number;
  #newest: Newest | undefined;

  constructor(dir: string, found: Pick<Loaded, "epoch" | "next" | "acked" | "newest">) {
    this.#dir = dir;
    this.#epoch = found.epoch;
    this.next = found.next;
    this.acked = this.#savedAck = found.acked;
    this.#newest = found.newest;
  }

  /** Up to here acknowledgements are on disk. */
  get savedAck(): number {
    return this.#savedAck;
  }

  /**
   * Sees to it that the file lets the segment that begins with `firstSeq` give out numbers up to `lastSeq`; when it has to be written
   * for that, it says `ahead` numbers at once.
   */
  async grant(firstSeq: number, lastSeq: number, ahead: number): Promise<void> {
    if (this.#newest?.firstSeq === firstSeq && lastSeq <= this.#newest.lastSeq) return;
    const newest = { firstSeq, lastSeq: Math.max(lastSeq, this.next - 1 + ahead) };
    await this.#write(newest);
    this.#newest = newest;
  }

  /** The newest segment gives out no more numbers than it has. */
  stopGranting(): void {
    if (this.#newest) this.#newest = { ...this.#newest, lastSeq: this.next - 1 };
  }

  /** No segment takes appends any more. */
  forgetNewest(): void {
    this.#newest = undefined;
  }

  /** Writes the file, durable when it resolves; of a spool that never had an event there is none. */
  async save(): Promise<void> {
    if (this.acked > this.#savedAck || this.next > 1) await this.#write(this.#newest);
  }

  async #write(newest: Newest | undefined): Promise<void> {
    const { acked, next } = this;
    await writeFileAtomic(this.#dir, "meta", encodeMeta({ epoch: this.#epoch, acked, next, newest }));
    this.#savedAck = acked;
  }
}
