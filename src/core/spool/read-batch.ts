import { MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, type Item } from "./format.ts";
import type { SpoolRecord } from "./missing.ts";
import { isLost, readRecords, type Segment, type SpoolDisk } from "./segment.ts";

const READ_BYTES = 1 << 20;

/** Where the last read ended, so that the next one need not look for its first record. */
export interface ReadMark {
  seq: number;
  path: string;
  offset: number;
}

/** What is read, and how. */
export interface ReadSource {
  readonly segments: readonly Segment[];
  readonly disk: SpoolDisk;
  /** Checksum seed of their epoch. */
  readonly seed: number;
}

/**
 * Records from number `fromSeq` on, within the limits but one at least; `full` when a limit ended it, not the last record. A segment that
 * is lost counts as without records from there on, and `error` says why.
 */
export async function readBatch(
  { segments, disk, seed }: ReadSource,
  mark: ReadMark,
  fromSeq: number,
  maxEvents: number,
  maxBytes: number,
): Promise<{ records: SpoolRecord[]; full: boolean; error?: unknown }> {
  let error: unknown;
  const orNothing = (thrown: unknown): { items: readonly Item[]; ended: boolean } => {
    if (!isLost(thrown)) throw thrown;
    error ??= thrown;
    return { items: [], ended: true };
  };
  const records: SpoolRecord[] = [];
  let bytes = 0;
  let full = false;
  for (const segment of segments) {
    if (segment.lastSeq < fromSeq || segment.count === 0) continue;
    let offset = SEGMENT_HEADER_BYTES;
    if (mark.seq === fromSeq && mark.path === segment.path) offset = mark.offset;
    for (let ended = false; !ended && !full;) {
      const want = Math.min(maxBytes - bytes, READ_BYTES) + MAX_PAYLOAD_BYTES + RECORD_HEADER_BYTES;
      const got = await readRecords(disk, segment, offset, want, seed).catch(orNothing);
      ended = got.ended;
      for (const item of got.items) {
        if (item.kind === "event" && item.seq > (records.at(-1)?.seq ?? fromSeq - 1)) {
          full = records.length > 0 && (records.length >= maxEvents || bytes + item.payload.length > maxBytes);
          if (full) break;
          records.push({ seq: item.seq, payload: item.payload });
          bytes += item.payload.length;
        }
        offset = item.end;
      }
      if (records.length >= maxEvents) full = true;
    }
    Object.assign(mark, { seq: (records.at(-1)?.seq ?? fromSeq - 1) + 1, path: segment.path, offset });
    if (full) break;
  }
  return { records, full, error };
}
