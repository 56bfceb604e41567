import { open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { appendBlocks } from "./blocks.ts";

const MIB = 1024 * 1024;
const MAX_BYTES = 64 * MIB;
/** Of the disk at most. Less than what counts as full: who has all of it still has a full disk. */
const PART = 1 / 32;
/**
 * What PostgreSQL may need to come back: a segment of its log (16 MiB), its lock file, and the pages that a recovery writes where the
 * killed one had only made its files longer.
 */
const PORTION_BYTES = 32 * MIB;

/** Path to who gives up last: both stores start at once, and a portion is enough for the two. */
const turns = new Map<string, Promise<boolean>>();

/** How much of the ballast there is, and should be, in bytes. */
export interface BallastState {
  readonly bytes: number;
  readonly wanted: number;
}

/** Bytes of ballast on a disk of this size: nothing on the smallest. */
export function ballastBytes(totalBytes: number): number {
  return Math.min(MAX_BYTES, Math.floor((totalBytes * PART) / MIB) * MIB);
}

/** Bytes that are left of a ballast after a portion of it was given up. A rest that would start nothing goes along. */
export function afterPortion(bytes: number, wanted: number): number {
  const portion = portionOf(wanted);
  const left = bytes - portion;
  return left < portion / 2 ? 0 : left;
}

const portionOf = (wanted: number): number => Math.min(wanted, PORTION_BYTES);

/**
 * Space kept back for the day the disk is full to the last byte and an embedded store has to start: a file that is then given up in
 * portions, so that whoever else fills the disk does not get all of it at once. The file's size is all there is to know about it: every
 * process may look.
 */
export class Ballast {
  readonly path: string;
  readonly #dir: string;
  readonly #log: Log;

  constructor(dataDir: string, log: Log) {
    this.#dir = dataDir;
    this.path = join(dataDir, "ballast");
    this.#log = log;
  }

  async look(): Promise<BallastState> {
    const { blocks, bsize } = await statfs(this.#dir);
    return { bytes: await this.#bytes(), wanted: ballastBytes(blocks * bsize) };
  }

  /**
   * Lays what is missing. Resolves with false when it could not be written: by a quota there may be no space though the disk has some.
   * What had been added is taken away then. Never rejects.
   */
  async lay(signal?: AbortSignal): Promise<boolean> {
    const before = await this.#bytes();
    try {
      const { bytes, wanted } = await this.look();
      if (bytes >= wanted) return true;
      // Of the account that PostgreSQL has, when there are quotas of users.
      const like = await stat(join(this.#dir, "postgres", "data")).catch(() => undefined);
      await appendBlocks(this.path, wanted - bytes, { ...(like && { like }), ...(signal && { signal }) });
      if (signal?.aborted) return false;
      this.#log.info("the ballast is laid: stores will be able to start on a full disk", { bytes: wanted });
      return true;
    } catch (error) {
      this.#log.warn("no ballast could be laid for the start of stores on a full disk", { error: errorMessage(error) });
      await this.#shorten(before).catch(() => {});
      return false;
    }
  }

  /**
   * Before a store starts: gives up a portion when next to nothing is free, or when the start before failed for want of space. Resolves
   * with false when that would have been needed and nothing is left. Never rejects: the start itself says what is in its way.
   */
  makeRoom(store: string, lacked: boolean): Promise<boolean> {
    const before = turns.get(this.path) ?? Promise.resolve(true);
    const turn = before.then(() => this.#makeRoom(store, lacked));
    turns.set(this.path, turn);
    return turn;
  }

  async #makeRoom(store: string, lacked: boolean): Promise<boolean> {
    try {
      const { bytes, wanted } = await this.look();
      const enough = portionOf(wanted) / 2;
      const free = await this.#free();
      if (!lacked && free >= enough) return true;
      if (bytes === 0) return false;
      let left = bytes;
      let freeNow = free;
      do {
        await this.#shorten(afterPortion(left, wanted));
        left = await this.#bytes();
        freeNow = await this.#free();
        // ext4 keeps 16 MiB for itself, of which it may have used some: they come first.
      } while (freeNow < enough && left > 0);
      this.#log.warn("the disk is full: some of the ballast is given up so that a store can start", {
        store,
        given_up_bytes: bytes - left,
        left_bytes: left,
        free_before_bytes: free,
        free_bytes: freeNow,
        hint: "Free space on that disk now; the ballast is laid again by itself once there is room.",
      });
      return true;
    } catch (error) {
      this.#log.warn("the ballast could not be given up", { error: errorMessage(error) });
      return false;
    }
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#dir);
    return bavail * bsize;
  }

  async #bytes(): Promise<number> {
    return stat(this.path).then(
      (s) => s.size,
      () => 0,
    );
  }

  /** Never longer, and never a hole. Where a file cannot even be shortened (btrfs with its quota used up), it goes whole. */
  async #shorten(bytes: number): Promise<void> {
    if ((await this.#bytes()) <= bytes) return;
    if (bytes === 0 || !(await this.#truncate(bytes))) await rm(this.path, { force: true });
  }

  async #truncate(bytes: number): Promise<boolean> {
    try {
      const file = await open(this.path, "r+");
      try {
        await file.truncate(bytes);
        // A journal may keep the blocks until it is written.
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch {
      return false;
    }
  }
}
