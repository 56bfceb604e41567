import { describe, expect, test } from "bun:test";
import { cp, mkdir, readdir, readFile, rm, rmdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultyDisk } from "../../../test/harness/faulty-disk.ts";
import { scratchDirs } from "../../../test/harness/scratch-dirs.ts";
import { ManualClock } from "../clock.ts";
import { errorMessage } from "../error.ts";
import { createLog } from "../log.ts";
import { decodeSegmentHeader, epochSeed, scan, SEGMENT_HEADER_BYTES } from "./format.ts";
import type { LaneKind } from "./lane-dirs.ts";
import { LaneSet, type SpoolLane } from "./lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "./limits.ts";

const newDir = scratchDirs("open-damage");

/** Three segments of 11 events a lane, and one of ten, with room for one more. */
const LIMITS = { ...DEFAULT_SPOOL_LIMITS, segmentEvents: 11, ackDelayMs: 0 };
const EVENTS = 43;
/** An event of the newest segment: that is larger than what is kept in memory, so that its first two are on the disk only. */
const LARGE = 250_000;
const [OLDEST, MIDDLE, NEWEST] = [1, 23, 34];
const IN_MEMORY = 36;
const POSITION = new Uint8Array(8);

class Bed {
  readonly logged: string[] = [];
  readonly disk: FaultyDisk;
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    this.disk = new FaultyDisk(dir);
  }

  open(): Promise<LaneSet> {
    const log = createLog({ write: (line) => void this.logged.push(line) });
    return LaneSet.open(this.dir, LIMITS, new ManualClock(), log, this.disk);
  }

  /** How often it was said that events are lost. */
  get told(): number {
    return this.logged.filter((line) => line.includes("count as lost")).length;
  }
}

async function put(lanes: LaneSet, kind: LaneKind, count: number, size = 10): Promise<void> {
  const make = (first: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => Buffer.alloc(size, `${kind} ${first + i};`));
  await lanes.append(kind, make, POSITION);
}

async function fill(lanes: LaneSet, kind: LaneKind): Promise<void> {
  for (let i = 0; i < 3; i++) await put(lanes, kind, 11);
  for (let i = 0; i < 10; i++) await put(lanes, kind, 1, LARGE);
}

/** For each number of a lane that is not acknowledged: an event, or why it is missing. Read in batches as a sender does. */
async function answers({ kind, spool }: SpoolLane): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let next = spool.ackedSeq + 1; next < spool.nextSeq;) {
    const { records, missing, lastSeq } = await spool.read(next, 7, 600_000);
    for (const { seq, payload } of records) {
      expect(new TextDecoder().decode(payload)).toStartWith(`${kind} ${seq};`.slice(0, payload.length));
      expect(found.has(seq)).toBe(false);
      found.set(seq, "event");
    }
    for (const { from, to, cause } of missing)
      for (let seq = from; seq <= to; seq++) {
        expect(found.has(seq)).toBe(false);
        found.set(seq, cause);
      }
    expect(lastSeq).toBeGreaterThanOrEqual(next);
    next = lastSeq + 1;
  }
  expect(found.size).toBe(spool.nextSeq - 1 - spool.ackedSeq);
  return found;
}

const numbers = (found: Map<number, string>, what: string): number[] =>
  [...found].flatMap(([seq, is]) => (is === what ? [seq] : [])).toSorted((a, b) => a - b);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** What befalls a segment, and which numbers of a lane that must cost when its oldest, a middle one and its newest are hit. */
const DAMAGES: Record<string, { readonly hit: (path: string, disk: FaultyDisk) => unknown; readonly lost: number[] }> =
  {
    removed: { hit: (path) => rm(path), lost: [...range(1, 11), ...range(23, 35)] },
    emptied: { hit: (path) => truncate(path, 0), lost: [...range(1, 11), ...range(23, 35)] },
    "cut off behind its first event": {
      hit: async (path) => truncate(path, await endOfFirstEvent(path)),
      lost: [...range(2, 11), ...range(24, 33), 35],
    },
    "hit by a flipped bit": {
      hit: async (path) => {
        const bytes = await readFile(path);
        bytes[(await endOfFirstEvent(path)) - 1]! ^= 1;
        await writeFile(path, bytes);
      },
      lost: [1, 23, 34],
    },
    "not given back by its medium": {
      hit: (path, disk) => disk.unreadable.add(path),
      lost: [...range(1, 11), ...range(23, 35)],
    },
  };

/** Where the first event of a segment ends. */
async function endOfFirstEvent(path: string): Promise<number> {
  const { items } = scan(
    await readFile(path),
    SEGMENT_HEADER_BYTES,
    epochSeed(decodeSegmentHeader(await readFile(path))!.epoch),
  );
  return items.find(({ kind }) => kind === "event")!.end;
}

const segmentAt = (dir: string, firstSeq: number): string => join(dir, `${String(firstSeq).padStart(16, "0")}.seg`);

const LANES = ["alert-00000001", "bulk-00000002", "bulk-00000001"];

/** Damages the oldest, a middle and the newest segment of every lane. */
async function hitAll({ dir, disk }: Bed, hit: (path: string, disk: FaultyDisk) => unknown): Promise<void> {
  for (const lane of LANES)
    for (const first of [OLDEST, MIDDLE, NEWEST]) await hit(segmentAt(join(dir, lane), first), disk);
}

/** An alert lane, a bulk lane and a backlog, each filled. */
async function filled(bed: Bed): Promise<LaneSet> {
  const lanes = await bed.open();
  await fill(lanes, "bulk");
  await lanes.sealLong(1);
  await fill(lanes, "bulk");
  await fill(lanes, "alert");
  return lanes;
}

const names = Object.keys(DAMAGES);

describe("a segment of an open spool", () => {
  test.each(names)("%s costs its events in each lane, told of and counted once; the lane goes on", async (name) => {
    const { hit, lost } = DAMAGES[name]!;
    const bed = new Bed(await newDir());
    await using lanes = await filled(bed);
    await hitAll(bed, hit);
    for (const lane of lanes.lanes) {
      const found = await answers(lane);
      expect(numbers(found, "spool_corrupt")).toEqual(lost);
      expect(numbers(found, "event")).toEqual(range(1, EVENTS).filter((seq) => !lost.includes(seq)));
    }
    expect(lanes.stats.corrupt).toBe(3 * lost.length);
    const { told } = bed;
    expect(told).toBeGreaterThanOrEqual(3);
    for (const lane of lanes.lanes) await answers(lane);
    expect([bed.told, lanes.stats.corrupt]).toEqual([told, 3 * lost.length]);
    for (const { spool } of lanes.lanes) spool.ack(spool.nextSeq - 1);
    await lanes.settle();
    expect(lanes.lanes).toHaveLength(2);
    expect(lanes.stats.depth).toBe(0);
  });

  test.each(names)(
    "%s: what comes behind it is durable, and the next start accounts for every number",
    async (name) => {
      const bed = new Bed(await newDir());
      await using lanes = await filled(bed);
      await hitAll(bed, DAMAGES[name]!.hit);
      for (const kind of ["alert", "bulk"] as const) for (let i = 0; i < 5; i++) await put(lanes, kind, 1);
      const isFound = name === "hit by a flipped bit" || name === "not given back by its medium";
      // Nothing is written into a file that has no name any more, or behind a hole.
      const after = segmentAt("", EVENTS + (isFound ? 2 : 1));
      expect(await readdir(join(bed.dir, LANES[0]!))).toContain(after);

      const copy = new Bed(await newDir());
      await cp(bed.dir, copy.dir, { recursive: true });
      for (const path of bed.disk.unreadable) copy.disk.unreadable.add(path.replace(bed.dir, copy.dir));
      const isUnreadable = copy.disk.unreadable.size > 0;
      {
        await using again = await copy.open();
        for (const [i, lane] of again.lanes.entries()) {
          const { spool } = lane;
          expect(spool.nextSeq).toBe(lanes.lanes[i]!.spool.nextSeq);
          const behind = range(EVENTS + (isUnreadable ? 2 : 1), EVENTS + 5);
          const found = await answers(lane);
          expect(numbers(found, "event")).toEqual(expect.arrayContaining(spool.sealed ? range(12, 22) : behind));
          if (isUnreadable) expect(numbers(found, "spool_full")).toEqual([]);
          spool.ack(22);
          if (isUnreadable) expect(numbers(await answers(lane), "spool_full")).toEqual([]);
          spool.ack(spool.nextSeq - 1);
        }
      }
      // What is acknowledged goes, whatever it was.
      for (const dir of LANES.slice(0, 2))
        expect((await readdir(join(copy.dir, dir))).filter((n) => n.endsWith(".seg"))).toHaveLength(1);
    },
  );

  test("and its directory removed: what is in memory is delivered, what comes next is durable in a new one", async () => {
    const bed = new Bed(await newDir());
    await using lanes = await bed.open();
    await fill(lanes, "alert");
    await rm(join(bed.dir, "alert-00000001"), { recursive: true });
    const lane = lanes.lanes[0]!;
    expect(numbers(await answers(lane), "event")).toEqual(range(IN_MEMORY, EVENTS));
    await put(lanes, "alert", 3);
    const copy = new Bed(await newDir());
    await cp(bed.dir, copy.dir, { recursive: true });
    await using again = await copy.open();
    expect(again.live("alert").epoch).toBe(lanes.live("alert").epoch);
    expect(numbers(await answers(again.lanes[0]!), "event")).toEqual(range(EVENTS + 1, EVENTS + 3));
  });

  test("that the next start cannot read, with one behind it that gave out no number: its numbers are damage, not a full disk", async () => {
    const bed = new Bed(await newDir());
    const lane = join(bed.dir, "bulk-00000001");
    {
      await using lanes = await bed.open();
      await put(lanes, "bulk", 11);
      // The next segment is made, and the cursor file does not come to tell of it.
      await mkdir(join(lane, ".meta.tmp"));
      expect(await put(lanes, "bulk", 1).catch(errorMessage)).toContain("EISDIR");
      expect(await readdir(lane)).toContain(segmentAt("", 12));
      await cp(bed.dir, `${bed.dir}-copy`, { recursive: true });
      await rmdir(join(lane, ".meta.tmp"));
    }
    const copy = new Bed(`${bed.dir}-copy`);
    await rmdir(join(copy.dir, "bulk-00000001", ".meta.tmp"));
    copy.disk.unreadable.add(segmentAt(join(copy.dir, "bulk-00000001"), 1));
    await using again = await copy.open();
    expect(numbers(await answers(again.lanes[1]!), "spool_corrupt")).toEqual(range(1, 11));
  });

  test("that cannot be read for another reason is waited for: nothing is given up", async () => {
    const bed = new Bed(await newDir());
    await using lanes = await bed.open();
    await fill(lanes, "bulk");
    const { spool } = lanes.lanes[1]!;
    const read = bed.disk.open.bind(bed.disk);
    bed.disk.open = () => Promise.reject(Object.assign(new Error("too many open files"), { code: "EMFILE" }));
    expect(await spool.read(1, 10, 1e6).catch(errorMessage)).toBe("too many open files");
    bed.disk.open = read;
    expect((await spool.read(1, 10, 1e6)).missing).toEqual([]);
    expect(lanes.stats.corrupt).toBe(0);
  });
});
