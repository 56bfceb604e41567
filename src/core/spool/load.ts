import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { randomHex } from "../ids.ts";
import type { Log } from "../log.ts";
import { decodeSegmentHeader, epochSeed, scan, SEGMENT_HEADER_BYTES } from "./format.ts";
import { decodeMeta, encodeMeta, readIfThere, writeFileAtomic, type Meta, type Newest } from "./meta.ts";
import { replay } from "./recover.ts";
import { createSegment, parseSegmentName, readWhole, type Segment, type SpoolDisk } from "./segment.ts";

/** What was found on disk. */
export interface Loaded {
  /** As the files bear it. */
  readonly epoch: string;
  /** The name it goes by since it was renamed. */
  readonly alias: string | undefined;
  /** Up to here its numbers were given to somebody under another name; 0 when it always had this one. */
  readonly base: number;
  readonly acked: number;
  readonly next: number;
  readonly newest: Newest | undefined;
  readonly segments: Segment[];
  readonly position: Uint8Array | undefined;
  /** Damaged stretches that were found. */
  readonly damages: number;
}

/** The name an epoch was given later; one given to another epoch does not count. */
async function readAlias(dir: string, epoch: string): Promise<{ name: string; base: number | undefined } | undefined> {
  const text = (await readIfThere(join(dir, "alias"))) ?? "";
  const found = /^([0-9a-f]{16}) ([0-9a-f]{16})(?: (\d{1,16}))?\n$/.exec(text);
  return found?.[1] === epoch ? { name: found[2]!, base: found[3] ? Number(found[3]) : undefined } : undefined;
}

async function listSegments(dir: string): Promise<{ path: string; firstSeq: number }[]> {
  const found: { path: string; firstSeq: number }[] = [];
  for (const name of await readdir(dir)) {
    const firstSeq = parseSegmentName(name);
    if (firstSeq !== undefined) found.push({ path: join(dir, name), firstSeq });
  }
  return found.toSorted((a, b) => a.firstSeq - b.firstSeq);
}

/**
 * The epoch names one numbering. It is kept in the file `header` and again in each segment. When no numbers
 * are known any more (segments and cursor both gone), a new one begins: old numbers are never given out twice.
 */
async function chooseEpoch(
  dir: string,
  metaEpoch: string | undefined,
  paths: readonly string[],
  disk: SpoolDisk,
): Promise<string> {
  const kept = /^([0-9a-f]{16})\n$/.exec((await readIfThere(join(dir, "header"))) ?? "")?.[1];
  let ofSegments: string | undefined;
  for (const path of paths) {
    if (ofSegments) break;
    ofSegments = decodeSegmentHeader((await readWhole(disk, path)) ?? new Uint8Array())?.epoch;
  }
  const numbersKnown = metaEpoch !== undefined || paths.length > 0;
  const epoch = (numbersKnown ? (kept ?? ofSegments ?? metaEpoch) : undefined) ?? randomHex(8);
  if (epoch !== kept) await writeFileAtomic(dir, "header", `${epoch}\n`);
  return epoch;
}

/**
 * Begins a newest segment that is gone anew, behind the last number it may have held: how many it had given out nobody knows, so that
 * all of them are missing from now on, and none comes twice. The cursor file goes first: cut off half-way, the next start does it again.
 */
async function replaceNewest(dir: string, meta: Meta, newest: Newest, log: Log): Promise<Segment> {
  log.error("the newest segment of the spool is gone; every number it may have given out counts as lost", {
    fromSeq: newest.firstSeq,
    toSeq: newest.lastSeq,
    epoch: meta.epoch,
  });
  await writeFileAtomic(dir, "meta", encodeMeta({ ...meta, next: Math.max(meta.next, newest.lastSeq + 1) }));
  return createSegment(dir, meta.epoch, newest.firstSeq);
}

/**
 * Reads a spool directory and repairs its end. Good records are kept whatever is damaged around them; a segment that the disk does not
 * give back begins anew without records, so that its numbers are missing.
 */
export async function loadSpool(dir: string, log: Log, disk: SpoolDisk): Promise<Loaded> {
  const metaText = await readIfThere(join(dir, "meta"));
  const meta = metaText === undefined ? undefined : decodeMeta(metaText);
  if (metaText !== undefined && !meta) log.warn("the spool's cursor file is damaged; events may be sent again");
  const files = await listSegments(dir);
  const epoch = await chooseEpoch(
    dir,
    meta?.epoch,
    files.map((f) => f.path),
    disk,
  );
  const ours = meta?.epoch === epoch ? meta : undefined;
  const newest = ours?.newest;
  const seed = epochSeed(epoch);

  const segments: Segment[] = [];
  let position: Uint8Array | undefined;
  let highest = 0;
  let damages = 0;
  for (const [i, file] of files.entries()) {
    const isLast = i === files.length - 1;
    const bytes = await readWhole(disk, file.path);
    if (!bytes) {
      damages++;
      highest = Math.max(highest, file.firstSeq - 1);
      // The newest is begun anew below, where it is known which numbers it may have given out.
      if (!isLast || file.firstSeq !== newest?.firstSeq)
        segments.push(await createSegment(dir, epoch, file.firstSeq, disk));
      continue;
    }
    const head = decodeSegmentHeader(bytes);
    if ((head && head.epoch !== epoch) || (!head && bytes.length < SEGMENT_HEADER_BYTES)) {
      // Of another numbering, or cut off while it was being made: nothing in it is ours.
      await unlink(file.path);
      continue;
    }
    const { items, tail } = scan(bytes, SEGMENT_HEADER_BYTES, seed, file.firstSeq - 1);
    const found = replay(items, tail, SEGMENT_HEADER_BYTES, isLast);
    const seqs = found.seqs.filter((seq) => seq >= file.firstSeq);
    damages += found.damages + (head ? 0 : 1);
    highest = Math.max(highest, found.highest, file.firstSeq - 1);
    position = found.position ?? position;
    const lastSeq = seqs.at(-1) ?? file.firstSeq - 1;
    segments.push({ path: file.path, firstSeq: file.firstSeq, lastSeq, count: seqs.length, bytes: found.keepBytes });
  }
  if (newest && (segments.at(-1)?.firstSeq ?? 0) < newest.firstSeq) {
    segments.push(await replaceNewest(dir, ours, newest, log));
    highest = Math.max(highest, newest.lastSeq);
  }
  // One without records stands for the numbers up to the next one's, and goes once those are acknowledged.
  for (const [i, segment] of segments.entries())
    if (segment.count === 0 && segments[i + 1]) segment.lastSeq = segments[i + 1]!.firstSeq - 1;
  const acked = ours?.acked ?? (segments[0]?.firstSeq ?? 1) - 1;
  const next = Math.max(highest + 1, acked + 1, ours?.next ?? 1);
  if (damages > 0) log.error("the spool was damaged; what was readable is kept", { damages, epoch });
  const alias = await readAlias(dir, epoch);
  return {
    epoch,
    alias: alias?.name,
    // A name given by an older version: nothing that was acknowledged so far is claimed under it.
    base: alias ? Math.min(alias.base ?? acked, acked) : 0,
    acked,
    next,
    newest,
    segments,
    position: position && Uint8Array.from(position),
    damages,
  };
}
