import { MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from "./format.ts";
import type { SpoolRecord } from "./missing.ts";
import { readRecords, type Segment } from "./segment.ts";

const READ_BYTES = 1 << 20;

/** Where the last read ended, so that the next one need not look for its first record. */
export interface ReadMark {
  seq: number;
  path: string;
  offset: number;
}

/** Records from number `fromSeq` on, within the limits but one at least; `full` when a limit ended it, not the last record. */
export async function readBatch(
  segments: readonly Segment[],
  seed: number,
  mark: ReadMark,
  fromSeq: number,
  maxEvents: number,
  maxBytes: number,
): Promise<{ records: SpoolRecord[]; full: boolean }> {
  const records: SpoolRecord[] = [];
  let bytes = 0;
  let full = false;
  for (const segment of segments) {
    if (segment.lastSeq < fromSeq || segment.count === 0) continue;
    let offset = SEGMENT_HEADER_BYTES;
    if (mark.seq === fromSeq && mark.path === segment.path) offset = mark.offset;
    for (let ended = false; !ended && !full;) {
      const want = Math.min(maxBytes - bytes, READ_BYTES) + MAX_PAYLOAD_BYTES + RECORD_HEADER_BYTES;
      const got = await readRecords(segment, offset, want, seed);
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
  return { records, full };
}
