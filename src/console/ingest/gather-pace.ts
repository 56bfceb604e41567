import type { Clock } from "../../core/clock.ts";
import type { CommitOptions } from "./commit-options.ts";

/** Of the time an insert takes: the engine rests for eight parts of nine when little comes. */
const GATHER_FACTOR = 8;
/** When so many rows a second come, an insert is put off as long as may be, however fast they are: each costs as much as thousands of rows. */
const MANY_ROWS_PER_SEC = 2_000;

/** How long batches are gathered before the next insert, by how many came and how long the last insert took. */
export class GatherPace {
  readonly #options: Pick<CommitOptions, "gatherMs" | "maxGatherMs">;
  /** What the last insert took. */
  #insertMs = 0;
  /** Rows a second between the last two groups, and when the last one began. */
  #rate = 0;
  #groupMs = -Infinity;

  constructor(options: Pick<CommitOptions, "gatherMs" | "maxGatherMs">) {
    this.#options = options;
  }

  /** A group of so many rows begins. */
  began(rows: number, nowMs: number): void {
    this.#rate = (rows * 1000) / Math.max(1, nowMs - this.#groupMs);
    this.#groupMs = nowMs;
  }

  /** An insert of events took so long. */
  took(ms: number): void {
    this.#insertMs = ms;
  }

  get #comesMany(): boolean {
    return this.#rate >= MANY_ROWS_PER_SEC;
  }

  get waitMs(): number {
    const { gatherMs, maxGatherMs } = this.#options;
    const restMs = this.#comesMany ? maxGatherMs : GATHER_FACTOR * this.#insertMs;
    return Math.max(gatherMs, Math.min(maxGatherMs, restMs));
  }

  /**
   * Resolves when the next insert may begin: after `waitMs`, or sooner where much came and then nothing more for `gatherMs`. Few fast
   * senders have all they were granted under way by then, and send nothing until this is acknowledged.
   * @param gathered What is gathered so far.
   */
  async gather(clock: Clock, gathered: () => number, signal: AbortSignal): Promise<void> {
    if (!this.#comesMany) return clock.sleep(this.waitMs, signal);
    const endMs = clock.monotonicMs() + this.waitMs;
    for (let before = -1; gathered() > before && !signal.aborted;) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      before = gathered();
      await clock.sleep(Math.min(leftMs, this.#options.gatherMs), signal);
    }
  }
}
