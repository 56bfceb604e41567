import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { MAX_LINE_BYTES } from "../normalize/line.ts";

const NAME = /^events-(\d{1,15})\.jsonl$/;
const NEWLINE = 10;
/** Most that is read at once. */
export const CHUNK_BYTES = 256 * 1024;

/** Lines read, and where reading stands after them. */
export interface Chunk {
  /** Whole lines, as they stand in the segment; only until the next read. Those longer than MAX_LINE_BYTES are among them. */
  readonly data: Buffer;
  /** The same as texts, without those that are too long. */
  readonly lines: string[];
  /** It is the beginning of a line that is longer than the engine writes, and is skipped. */
  readonly overlong: boolean;
  /** Bytes of a line that its writer never finished, skipped. */
  readonly tornBytes: number;
  readonly segment: number;
  readonly offset: number;
  /** What comes next is the rest of a line that is too long. */
  readonly skipping: boolean;
  /** There is more to read at once: not merely what is being written at this moment. */
  readonly more: boolean;
}

const NOTHING = Buffer.alloc(0);

function textsOf(data: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < data.length;) {
    const end = data.indexOf(NEWLINE, at);
    if (end > at && end - at <= MAX_LINE_BYTES) lines.push(data.toString("utf8", at, end));
    at = end + 1;
  }
  return lines;
}

/** Numbers of the segments in a directory, ascending. */
export function listSegments(dir: string): number[] {
  const numbers: number[] = [];
  for (const name of readdirSync(dir)) {
    const match = NAME.exec(name);
    if (match) numbers.push(Number(match[1]));
  }
  return numbers.toSorted((a, b) => a - b);
}

function segmentPath(dir: string, segment: number): string {
  return join(dir, `events-${segment}.jsonl`);
}

/**
 * Follows the engine's segments from a position on. It only reads; `forget` deletes what is done with. What was written a moment ago is
 * in the kernel's memory: to read it by way of another thread costs ten times what it does on this one.
 */
export class SegmentReader {
  readonly #dir: string;
  #segment: number;
  #offset: number;
  #file: number | undefined;
  /** The rest of a line that is too long is being skipped. */
  #skipping = false;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);

  constructor(dir: string, segment: number, offset: number, skipping = false) {
    this.#dir = dir;
    this.#segment = segment;
    this.#offset = offset;
    this.#skipping = skipping;
  }

  /** The next lines, or undefined when there are none at the moment; in the segment of `until` none from beyond its offset. */
  async read(until?: { readonly segment: number; readonly offset: number }): Promise<Chunk | undefined> {
    // Which segments there are is asked before reading: if a later one exists by then, this one is finished.
    const segments = listSegments(this.#dir);
    if (!this.#openCurrent(segments)) return undefined;
    const later = segments.find((n) => n > this.#segment);
    const left = until?.segment === this.#segment ? until.offset - this.#offset : CHUNK_BYTES;
    const want = left > 0 ? Math.min(left, CHUNK_BYTES) : CHUNK_BYTES;
    const bytesRead = readSync(this.#file!, this.#buffer, 0, want, this.#offset);
    const data = this.#buffer.subarray(0, bytesRead);
    const end = data.lastIndexOf(NEWLINE) + 1;
    const more = bytesRead === want || later !== undefined;
    if (end > 0) return this.#take(data.subarray(0, end), more);
    if (bytesRead > MAX_LINE_BYTES) return this.#skip(bytesRead);
    if (later === undefined) return undefined;
    return this.#turnTo(later, bytesRead);
  }

  #openCurrent(segments: readonly number[]): boolean {
    if (this.#file !== undefined) return true;
    if (!segments.includes(this.#segment)) {
      const later = segments.find((n) => n > this.#segment);
      if (later === undefined) return false;
      this.#segment = later;
      this.#offset = 0;
    }
    this.#file = openSync(segmentPath(this.#dir, this.#segment), "r");
    return true;
  }

  #take(data: Buffer, more: boolean): Chunk {
    const from = this.#skipping ? data.indexOf(NEWLINE) + 1 : 0;
    this.#skipping = false;
    this.#offset += data.length;
    return this.#chunk({ data: data.subarray(from), more });
  }

  #skip(bytes: number): Chunk {
    const overlong = !this.#skipping;
    this.#skipping = true;
    this.#offset += bytes;
    return this.#chunk({ overlong, skipping: true, more: true });
  }

  #chunk(of: Partial<Chunk> & Pick<Chunk, "more">): Chunk {
    const { data = NOTHING, overlong = false, tornBytes = 0, skipping = false, more } = of;
    return {
      data,
      overlong,
      tornBytes,
      segment: this.#segment,
      offset: this.#offset,
      skipping,
      more,
      get lines() {
        return textsOf(data);
      },
    };
  }

  async #turnTo(next: number, restBytes: number): Promise<Chunk> {
    await this.close();
    const tornBytes = this.#skipping ? 0 : restBytes;
    this.#skipping = false;
    this.#segment = next;
    this.#offset = 0;
    return this.#chunk({ tornBytes, more: true });
  }

  /** Deletes segments before `segment`. Call it when everything read from them is durable. */
  async forget(segment: number): Promise<number> {
    let deleted = 0;
    for (const n of listSegments(this.#dir)) {
      if (n >= segment) continue;
      await unlink(segmentPath(this.#dir, n)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
      deleted++;
    }
    return deleted;
  }

  /** Bytes written by the engine that are not read yet. */
  async lagBytes(): Promise<number> {
    let bytes = 0;
    for (const n of listSegments(this.#dir)) {
      if (n < this.#segment) continue;
      const size = Bun.file(segmentPath(this.#dir, n)).size;
      bytes += n === this.#segment ? Math.max(0, size - this.#offset) : size;
    }
    return bytes;
  }

  async close(): Promise<void> {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
