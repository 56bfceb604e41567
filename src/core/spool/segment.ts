import { constants, fstatSync } from "node:fs";
import { open, truncate, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { encodeSegmentHeader, scan, SEGMENT_HEADER_BYTES, type Item } from "./format.ts";
import { syncDir } from "./meta.ts";

/** How a segment is opened: a new one or one that is there for writing, or for reading only. */
export type SpoolOpen = "new" | "again" | "read";

/** How the spool opens its segments: a write resolves once what it wrote is durable. Tests plant faults here. */
export interface SpoolDisk {
  open(path: string, how: SpoolOpen): Promise<FileHandle>;
}

const { O_CREAT, O_DSYNC, O_RDONLY, O_RDWR, O_TRUNC } = constants;
/** Written and flushed by one call: each more is another way to a thread and back, which at a trickle costs more than the write. */
const FLAGS = { new: O_RDWR | O_CREAT | O_TRUNC | O_DSYNC, again: O_RDWR | O_DSYNC, read: O_RDONLY } as const;

export const realDisk: SpoolDisk = { open: (path, how) => open(path, FLAGS[how], 0o600) };

/** What says that a file is gone or its medium damaged. Anything else may pass or be mended: too many open files, no permission. */
const LOST = new Set(["ENOENT", "EIO", "EBADMSG", "EUCLEAN", "ENODATA", "ESTALE"]);

/** Whether reading again would not help: what the file held is lost. */
export function isLost(error: unknown): boolean {
  return LOST.has((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** One file of the spool, as known in memory. */
export interface Segment {
  readonly path: string;
  /** Number its name bears: that of its first event. */
  readonly firstSeq: number;
  /** Number of its last event, `firstSeq - 1` while it has none. */
  lastSeq: number;
  /** Events in it that can be read. */
  count: number;
  /** Length of its durable part. */
  bytes: number;
}

const NAME = /^(\d{16})\.seg$/;

function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, "0")}.seg`;
}

/** The first number a segment's file name bears; undefined for other files. */
export function parseSegmentName(name: string): number | undefined {
  const match = NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** A segment without events, durable when it resolves. */
export async function createSegment(dir: string, epoch: string, firstSeq: number, disk = realDisk): Promise<Segment> {
  const writer = await SegmentWriter.create(dir, epoch, firstSeq, disk);
  await writer.close();
  return writer.segment;
}

/** The segment that takes appends. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: FileHandle;

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  static async create(dir: string, epoch: string, firstSeq: number, disk = realDisk): Promise<SegmentWriter> {
    const path = join(dir, segmentName(firstSeq));
    const file = await disk.open(path, "new");
    try {
      await file.write(encodeSegmentHeader(epoch, firstSeq));
      await syncDir(dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new SegmentWriter({ path, firstSeq, lastSeq: firstSeq - 1, count: 0, bytes: SEGMENT_HEADER_BYTES }, file);
  }

  /** Goes on with a segment: what follows its durable part is cut off, its header written anew. */
  static async reopen(segment: Segment, epoch: string, disk = realDisk): Promise<SegmentWriter> {
    await truncate(segment.path, segment.bytes);
    const file = await disk.open(segment.path, "again");
    await file.write(encodeSegmentHeader(epoch, segment.firstSeq), 0, SEGMENT_HEADER_BYTES, 0);
    return new SegmentWriter(segment, file);
  }

  /**
   * False once somebody else has removed the file or cut it off: what was appended then would not be found again. Asked before each
   * append without leaving the thread: the kernel has it at hand, and it takes less than a microsecond.
   */
  get isWhole(): boolean {
    const { nlink, size } = fstatSync(this.#file.fd);
    return nlink > 0 && size >= this.segment.bytes;
  }

  /** Writes a batch, durable when it resolves. When that fails, the file is cut back to what it was before, and the error thrown. */
  async append(batch: Uint8Array, count: number, lastSeq: number): Promise<void> {
    const { segment } = this;
    try {
      for (let done = 0; done < batch.length;) {
        const { bytesWritten } = await this.#file.write(batch, done, batch.length - done, segment.bytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      await this.#file.truncate(segment.bytes);
      throw error;
    }
    segment.bytes += batch.length;
    segment.count += count;
    if (count > 0) segment.lastSeq = lastSeq;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function readRange(disk: SpoolDisk, path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await disk.open(path, "read");
  try {
    // Not zeroed first: only what was read is given out.
    const bytes = Buffer.allocUnsafeSlow(length);
    let got = 0;
    while (got < length) {
      const { bytesRead } = await file.read(bytes, got, length - got, offset + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return bytes.subarray(0, got);
  } finally {
    await file.close();
  }
}

/**
 * Records of a segment from a byte offset on, about `wantBytes` of them; `ended` when its durable end was reached.
 * A record that the end of the read cuts is left for the next one.
 */
export async function readRecords(
  disk: SpoolDisk,
  segment: Segment,
  offset: number,
  wantBytes: number,
  seed: number,
): Promise<{ items: Item[]; ended: boolean }> {
  const left = segment.bytes - offset;
  if (left <= 0) return { items: [], ended: true };
  if (wantBytes < left) {
    const bytes = await readRange(disk, segment.path, offset, wantBytes);
    const { items } = scan(bytes, 0, seed);
    if (items.at(-1)?.kind === "damage") items.pop();
    const shifted = items.map((item) => ({ ...item, start: item.start + offset, end: item.end + offset }));
    if (shifted.length > 0) return { items: shifted, ended: false };
  }
  const { items } = scan(await readRange(disk, segment.path, offset, left), 0, seed);
  return { items: items.map((item) => ({ ...item, start: item.start + offset, end: item.end + offset })), ended: true };
}

/** All of a segment's file; undefined when that is lost. */
export async function readWhole(disk: SpoolDisk, path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await disk.open(path, "read");
    return await file.readFile();
  } catch (error) {
    if (isLost(error)) return undefined;
    throw error;
  }
}

/** Removes a segment; one that is gone already is fine. */
export async function removeSegment(segment: Segment): Promise<void> {
  try {
    await unlink(segment.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
