import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from "./format.ts";
import { segmentEventsOf, type SpoolLimits } from "./limits.ts";
import { syncDir } from "./meta.ts";
import { removeSegment, SegmentWriter, type Segment, type SpoolDisk } from "./segment.ts";

/** The segments of a spool, oldest first; the newest takes the appends until the chain is closed. */
export class SegmentChain {
  /** Events of a segment at most. */
  readonly segmentEvents: number;
  readonly #dir: string;
  readonly #epoch: string;
  readonly #segmentBytes: number;
  readonly #disk: SpoolDisk;
  readonly #segments: Segment[];
  #writer: SegmentWriter | undefined;

  constructor(dir: string, epoch: string, limits: SpoolLimits, disk: SpoolDisk, segments: Segment[]) {
    this.#dir = dir;
    this.#epoch = epoch;
    this.#segmentBytes = limits.segmentBytes;
    this.segmentEvents = segmentEventsOf(limits);
    this.#disk = disk;
    this.#segments = segments;
  }

  /** Goes on with the newest segment that was found. */
  async reopen(): Promise<void> {
    const last = this.#segments.at(-1);
    if (last) this.#writer = await SegmentWriter.reopen(last, this.#epoch, this.#disk);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /**
   * The segment for the next batch, whose first event gets the number `next`: the open one, or a new one when that is full or was
   * removed or cut off under us.
   */
  async writable(payloads: readonly Uint8Array[], next: number): Promise<SegmentWriter> {
    const open = this.#writer;
    if (open) {
      const { bytes, count } = open.segment;
      let added = 0;
      for (const p of payloads) added += p.length + RECORD_HEADER_BYTES;
      const roomy = bytes + added <= this.#segmentBytes && count + payloads.length <= this.segmentEvents;
      // A segment's name is its first number, so one without events can't be followed by another.
      if ((roomy || count === 0) && open.isWhole) return open;
      this.#writer = undefined;
      await open.close();
    }
    // One that has given out no number bears the name of the one that takes its place.
    if (this.#segments.at(-1)?.firstSeq === next) this.#segments.pop();
    // Whoever removed a segment may have removed its directory with it.
    if (await mkdir(this.#dir, { recursive: true, mode: 0o700 })) await syncDir(dirname(this.#dir));
    this.#writer = await SegmentWriter.create(this.#dir, this.#epoch, next, this.#disk);
    this.#segments.push(this.#writer.segment);
    return this.#writer;
  }

  /** Events behind `acked`, and the bytes of all segments. */
  size(acked: number): { depth: number; bytes: number } {
    let depth = 0;
    let bytes = 0;
    for (const s of this.#segments) {
      depth += unacked(s, acked);
      bytes += s.bytes;
    }
    return { depth, bytes };
  }

  /** Takes the oldest segment out; its file is the caller's to remove. */
  takeOldest(): void {
    this.#segments.shift();
  }

  /** Removes the segments whose events are all acknowledged; `savedAck` is on disk, or after a crash they would look lost. */
  async removeUpTo(savedAck: number): Promise<void> {
    let removed = false;
    while (this.#segments.length > 0 && this.#segments[0]!.lastSeq <= savedAck) {
      // The newest mark tells where the source stands: what holds it stays.
      if (!this.#segments.some(({ bytes }, i) => i > 0 && bytes > SEGMENT_HEADER_BYTES)) break;
      await removeSegment(this.#segments.shift()!);
      removed = true;
    }
    if (removed) await syncDir(this.#dir);
  }

  /** Takes no more appends. */
  async close(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }
}

/** Events of a segment behind `acked`. */
export function unacked(segment: Segment, acked: number): number {
  return segment.lastSeq <= acked ? 0 : Math.min(segment.count, segment.lastSeq - acked);
}
