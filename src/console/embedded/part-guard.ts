import { join } from "node:path";
import { ClickHouseException } from "./chdb-request.ts";
import { namesIn, PartWatch } from "./part-watch.ts";

/** Parts that no insert waits for (merges, rows out of a queue) are looked at so often; what they replaced is kept for minutes. */
const LOOK_MS = 2_000;

/** Lets no insert pass for durable before its parts were seen to be whole. */
export class PartGuard {
  readonly #storeDir: string;
  readonly #onBroken: (what: string) => void;
  readonly #watch = new PartWatch();
  #fault: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * `storeDir` is where the engine keeps its tables. `onBroken` is told once of parts that cannot be read: only the engine's next start
   * puts them aside, and takes what they were merged from again.
   */
  constructor(storeDir: string, onBroken: (what: string) => void) {
    this.#storeDir = storeDir;
    this.#onBroken = onBroken;
  }

  /** Begins to look; what is there now the engine itself has looked at when it started. */
  start(): void {
    for (const dir of this.#tables()) this.#watch.adopt(dir);
    this.#timer = setInterval(() => {
      try {
        this.#look();
      } catch {
        // What fails now is seen by the next look, and by the next insert.
      }
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** After an INSERT. Throws ClickHouseException when it, or anything beside it, was not written as it should be. */
  check(): void {
    this.#look();
    if (this.#fault === undefined) return;
    throw new ClickHouseException(
      243,
      "NOT_ENOUGH_SPACE",
      `The disk refused writes (no space left, over its quota, or failing), and rows were not kept: ${this.#fault}`,
    );
  }

  /** `store/<three digits>/<id>`: by its id a table has one directory for life, whatever it is called. */
  #tables(): string[] {
    const groups = namesIn(this.#storeDir).map((group) => join(this.#storeDir, group));
    return groups.flatMap((group) => namesIn(group).map((id) => join(group, id)));
  }

  #look(): void {
    const broken = this.#tables().flatMap((dir) => this.#watch.look(dir));
    if (broken.length === 0 || this.#fault !== undefined) return;
    this.#fault = broken.slice(0, 3).join("; ");
    this.#onBroken(this.#fault);
  }
}
