import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { appendBlocks } from "./blocks.ts";

const MIB = 1024 * 1024;
const MAX_RESERVE_BYTES = 256 * MIB;
/** Of the disk at most. */
const PART = 0.01;

/**
 * Space kept back for the day the disk is full: a file that is removed then, so that the state can still be written (sign-in, audit,
 * settings) while somebody makes room.
 */
export class Reserve {
  readonly path: string;
  readonly #dir: string;
  readonly #log: Log;

  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.path = join(dir, "reserve");
    this.#log = log;
  }

  /** Makes the file when there is plenty of space for it. */
  async fill(): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#dir);
    const wanted = Math.min(MAX_RESERVE_BYTES, Math.floor((blocks * bsize * PART) / MIB) * MIB);
    const have = await stat(this.path).then(
      (s) => s.size,
      () => 0,
    );
    if (wanted === 0 || have >= wanted || bavail * bsize < 4 * wanted) return;
    try {
      await appendBlocks(this.path, wanted - have);
    } catch (error) {
      this.#log.warn("no space could be kept in reserve", { error: errorMessage(error) });
      await this.release();
    }
  }

  /** Gives the space back to the disk; true when there was some. */
  async release(): Promise<boolean> {
    const there = await stat(this.path).then(
      () => true,
      () => false,
    );
    await rm(this.path, { force: true });
    return there;
  }
}
