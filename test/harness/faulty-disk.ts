import { readdirSync, statSync } from "node:fs";
import { open, truncate, type FileHandle } from "node:fs/promises";
import { join, relative } from "node:path";
import type { SpoolDisk, SpoolOpen } from "../../src/core/spool/segment.ts";

const WORDS = {
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EROFS: "read-only file system",
  EIO: "i/o error",
};

/** A disk for the spool's segments that fills up, and that forgets at a power cut what was not flushed. */
export class FaultyDisk implements SpoolDisk {
  /** Bytes all files below `root` may have together. */
  quotaBytes = Infinity;
  /** What the system says beyond that: the disk is full, its user's quota is used up, or it is another matter. */
  refusal: keyof typeof WORDS = "ENOSPC";
  /** Flushes do not come back before `release`, and fail then. */
  stuck = false;
  /** Files whose medium is damaged: reading them fails with EIO. */
  readonly unreadable = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  readonly #root: string;
  readonly #durable = new Map<string, number>();

  constructor(root: string) {
    this.#root = root;
  }

  async open(path: string, how: SpoolOpen): Promise<FileHandle> {
    if (how === "read") {
      if (this.unreadable.has(path)) throw Object.assign(new Error(`EIO: ${WORDS.EIO}, read`), { code: "EIO" });
      return open(path, "r");
    }
    const file = await open(path, how === "new" ? "w" : "r+", 0o600);
    if (how === "new") this.#durable.set(path, 0);
    else this.#durable.set(path, (await file.stat()).size);
    const check = (bytes: number): void => this.#check(bytes);
    const flush = (target: FileHandle): Promise<void> => this.#flush(path, target);
    return new Proxy(file, {
      get(target, key) {
        if (key === "write")
          return async (bytes: Uint8Array, offset?: number, length?: number, position?: number) => {
            check(length ?? bytes.length);
            const written = await target.write(bytes, offset, length, position);
            await flush(target);
            return written;
          };
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** Makes of a copy of `root` what a power cut would leave: each file up to where it was flushed. */
  async cutPower(copy: string): Promise<void> {
    for (const [path, size] of this.#durable)
      await truncate(join(copy, relative(this.#root, path)), size).catch(() => {});
  }

  release(): void {
    this.stuck = false;
    for (const fail of this.#waiting.splice(0)) fail();
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const entry of readdirSync(this.#root, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    return bytes;
  }

  async #flush(path: string, file: FileHandle): Promise<void> {
    if (this.stuck)
      return new Promise((_, reject) => void this.#waiting.push(() => reject(new Error("the disk is gone"))));
    await file.datasync();
    this.#durable.set(path, (await file.stat()).size);
  }

  #check(bytes: number): void {
    if (this.usedBytes + bytes > this.quotaBytes)
      throw Object.assign(new Error(`${this.refusal}: ${WORDS[this.refusal]}, write`), { code: this.refusal });
  }
}
