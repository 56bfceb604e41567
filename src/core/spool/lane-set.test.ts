import { describe, expect, test } from "bun:test";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { scratchDirs } from "../../../test/harness/scratch-dirs.ts";
import { ManualClock } from "../clock.ts";
import { silentLog } from "../log.ts";
import type { LaneKind } from "./lane-dirs.ts";
import { laneName, LaneSet, type SpoolLane } from "./lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "./limits.ts";
import { Spool } from "./spool.ts";

const newDir = scratchDirs("lane-set");
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const words = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const LIMITS = { ...DEFAULT_SPOOL_LIMITS, segmentBytes: 2_000, ackDelayMs: 0 };
const open = (dir: string): Promise<LaneSet> => LaneSet.open(dir, LIMITS, new ManualClock(), silentLog);
const put = (lanes: LaneSet, kind: LaneKind, count: number, position = ""): Promise<number> =>
  lanes.append(kind, (first) => Array.from({ length: count }, (_, i) => text(`${kind} ${first + i}`)), text(position));
const held = async ({ spool }: SpoolLane): Promise<string[]> =>
  (await spool.read(spool.ackedSeq + 1, 1e6, 1e9)).records.map((r) => words(r.payload));
const names = (lanes: LaneSet): string[] => lanes.lanes.map(laneName);

describe("lanes", () => {
  test("number what they take each for itself, and go on after a restart", async () => {
    const dir = await newDir();
    let epochs: string[];
    {
      await using lanes = await open(dir);
      await put(lanes, "alert", 2, "p1");
      await put(lanes, "bulk", 3, "p2");
      epochs = lanes.lanes.map((l) => l.spool.epoch);
      expect(new Set(epochs).size).toBe(2);
    }
    await using lanes = await open(dir);
    expect(lanes.lanes.map((l) => l.spool.epoch)).toEqual(epochs);
    expect(words(lanes.live("bulk").position)).toBe("p2");
    expect(words(lanes.live("alert").position)).toBe("p1");
    expect(await held(lanes.lanes[0]!)).toEqual(["alert 1", "alert 2"]);
    expect(await held(lanes.lanes[1]!)).toEqual(["bulk 1", "bulk 2", "bulk 3"]);
  });

  test("a long bulk lane is set aside; what comes next has an epoch and numbers of its own, and the position stays", async () => {
    const dir = await newDir();
    {
      await using lanes = await open(dir);
      await put(lanes, "bulk", 10, "here");
      expect(await lanes.sealLong(10)).toBe(false);
      expect(await lanes.sealLong(9)).toBe(true);
      await put(lanes, "bulk", 1, "there");
      expect(names(lanes)).toEqual(["alert", "bulk", "backlog"]);
      expect(await held(lanes.lanes[1]!)).toEqual(["bulk 1"]);
      expect(await held(lanes.lanes[2]!)).toHaveLength(10);
    }
    await using lanes = await open(dir);
    expect(names(lanes)).toEqual(["alert", "bulk", "backlog"]);
    expect(words(lanes.live("bulk").position)).toBe("there");
    const backlog = lanes.lanes[2]!.spool;
    backlog.ack(10);
    await lanes.settle();
    expect(names(lanes)).toEqual(["alert", "bulk"]);
    expect(lanes.ended).toEqual([{ epoch: backlog.epoch, last_seq: 10, acked_seq: 10 }]);
    expect((await readdir(dir)).filter((n) => n.startsWith("bulk"))).toHaveLength(1);
  });

  test("at most four backlogs wait; then what an outage left stays where it is", async () => {
    await using lanes = await open(await newDir());
    for (let i = 0; i < 6; i++) {
      await put(lanes, "bulk", 5, `p${i}`);
      expect(await lanes.sealLong(4)).toBe(i < 4);
    }
    expect(lanes.stats).toMatchObject({ depth: 30, backlogs: 4 });
  });

  test("a lane set aside just before a crash has its position, delivered or not", async () => {
    const dir = await newDir();
    {
      await using lanes = await open(dir);
      await put(lanes, "bulk", 10, "here");
      await lanes.sealLong(1);
      lanes.lanes[2]!.spool.ack(10);
      await lanes.settle();
    }
    await using lanes = await open(dir);
    expect(names(lanes)).toEqual(["alert", "bulk"]);
    expect(words(lanes.live("bulk").position)).toBe("here");
  });

  test("new epochs are begun in all open lanes; what is in the old ones is delivered under their names", async () => {
    const dir = await newDir();
    await using lanes = await open(dir);
    await put(lanes, "alert", 1, "a");
    await put(lanes, "bulk", 1, "b");
    const old = lanes.lanes.map((l) => l.spool.epoch);
    expect(await lanes.renew(false)).toBe(true);
    expect(names(lanes)).toEqual(["alert", "bulk", "backlog", "backlog"]);
    expect(lanes.lanes.slice(2).map((l) => l.spool.epoch)).toEqual(old);
    expect(words(lanes.live("alert").position)).toBe("a");
    for (let i = 0; i < 2; i++) {
      await put(lanes, "alert", 1, "a");
      await put(lanes, "bulk", 1, "b");
      await lanes.renew(false);
    }
    const epoch = lanes.live("bulk").epoch;
    expect(await lanes.renew(false)).toBe(false);
    expect(lanes.live("bulk").epoch).toBe(epoch);
    // A copy may not go on with them whatever waits: the oldest are given up, counted and named.
    expect(await lanes.renew(true)).toBe(true);
    expect(lanes.live("bulk").epoch).not.toBe(epoch);
    expect(lanes.stats.dropped).toBe(2);
    expect(lanes.ended.slice(0, 2)).toEqual(old.map((e) => ({ epoch: e, last_seq: 1, acked_seq: 0 })));
  });

  test("a renamed lane keeps what this process numbered, under its numbers, over restarts too", async () => {
    const dir = await newDir();
    {
      await using lanes = await open(dir);
      await put(lanes, "bulk", 5, "old");
    }
    let renamed = "";
    {
      await using lanes = await open(dir);
      await put(lanes, "bulk", 2, "new");
      const { epoch } = lanes.live("bulk");
      await lanes.rekey(lanes.live("bulk"), 5);
      renamed = lanes.live("bulk").epoch;
      expect(renamed).not.toBe(epoch);
      expect(lanes.ended).toEqual([{ epoch, last_seq: 5, acked_seq: 5 }]);
      expect(lanes.stats.renewed).toBe(1);
      expect(await held(lanes.lanes[1]!)).toEqual(["bulk 6", "bulk 7"]);
    }
    await using lanes = await open(dir);
    expect(lanes.live("bulk").epoch).toBe(renamed);
    await put(lanes, "bulk", 1);
    expect(await held(lanes.lanes[1]!)).toEqual(["bulk 6", "bulk 7", "bulk 8"]);
  });

  test("an empty lane that is renamed never goes back to its old name", async () => {
    const dir = await newDir();
    const { epoch } = await (async () => {
      await using lanes = await open(dir);
      const before = lanes.live("bulk").epoch;
      await lanes.rekey(lanes.live("bulk"), 0);
      return { epoch: before };
    })();
    await using lanes = await open(dir);
    expect(lanes.live("bulk").epoch).not.toBe(epoch);
  });

  test("a spool of a version without lanes becomes the bulk lane, even when moving it was cut off", async () => {
    const dir = await newDir();
    const half = await newDir();
    let epoch = "";
    {
      await using spool = await Spool.open(dir, { ...LIMITS, segmentBytes: 100 }, new ManualClock(), silentLog);
      for (let i = 1; i <= 20; i++) await spool.append([text(`bulk ${i}`)], text(`p${i}`));
      spool.ack(3);
      epoch = spool.epoch;
    }
    await cp(dir, half, { recursive: true });
    await mkdir(join(half, "bulk-00000001"));
    const segments = (await readdir(half)).filter((n) => n.endsWith(".seg"));
    await cp(join(half, segments[0]!), join(half, "bulk-00000001", segments[0]!));
    await rm(join(half, segments[0]!));
    for (const at of [dir, half]) {
      await using lanes = await open(at);
      expect(lanes.live("bulk").epoch).toBe(epoch);
      expect(words(lanes.live("bulk").position)).toBe("p20");
      expect(await held(lanes.lanes[1]!)).toEqual(Array.from({ length: 17 }, (_, i) => `bulk ${i + 4}`));
    }
  });
});
