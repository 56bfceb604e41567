import type { Log } from "../../core/log.ts";
import { Ballast } from "../disk/ballast.ts";
import { saysNoSpace } from "../disk/watch.ts";

/** Of what the kernel has too few of PostgreSQL speaks in the same words as of disks. */
const OF_MEMORY = /shared memory|semaphore/;

/** Room on the disk for the starts of one embedded store: learns from what it says whether that was what it lacked. */
export class StartRoom {
  readonly #store: string;
  readonly #ballast: Ballast;
  readonly #log: Log;
  #up = false;
  #lacked = false;
  #toldOfNone = false;

  constructor(store: string, dataDir: string, log: Log) {
    this.#store = store;
    this.#ballast = new Ballast(dataDir, log);
    this.#log = log;
  }

  /** A line of the store. What it says while it runs is for those who use it: it has started. */
  heard(line: string): void {
    if (!this.#up && saysNoSpace(line) && !OF_MEMORY.test(line)) this.#lacked = true;
  }

  /** It runs: whatever was in its way is no more. */
  started(): void {
    this.#up = true;
    this.#lacked = false;
    this.#toldOfNone = false;
  }

  /** Before each start, and when it begins anew by itself. */
  async make(): Promise<void> {
    const lacked = this.#lacked;
    // What this start lacks it will say.
    this.#up = false;
    this.#lacked = false;
    const made = await this.#ballast.makeRoom(this.#store, lacked);
    if (made || this.#toldOfNone) return;
    this.#toldOfNone = true;
    this.#log.error("the disk is full and no ballast is left: it may start only once there is space", {
      hint: "Free some space on the disk of --data-dir.",
    });
  }
}
