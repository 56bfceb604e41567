import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FaultyDisk } from "../../../test/harness/faulty-disk.ts";
import { scratchDirs } from "../../../test/harness/scratch-dirs.ts";
import { ManualClock } from "../clock.ts";
import { errorMessage } from "../error.ts";
import { silentLog } from "../log.ts";
import type { LaneKind } from "./lane-dirs.ts";
import { laneName, LaneSet, type SpoolLane } from "./lane-set.ts";
import { realDisk, type SpoolDisk } from "./segment.ts";
import { DEFAULT_SPOOL_LIMITS } from "./limits.ts";

const newDir = scratchDirs("lane-faults");
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const words = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const LIMITS = { ...DEFAULT_SPOOL_LIMITS, segmentBytes: 2_000, ackDelayMs: 0 };
const open = (dir: string, limits = LIMITS, disk: SpoolDisk = realDisk): Promise<LaneSet> =>
  LaneSet.open(dir, limits, new ManualClock(), silentLog, disk);
const put = (lanes: LaneSet, kind: LaneKind, count: number, position = ""): Promise<number> =>
  lanes.append(kind, (first) => Array.from({ length: count }, (_, i) => text(`${kind} ${first + i}`)), text(position));
const held = async ({ spool }: SpoolLane): Promise<string[]> =>
  (await spool.read(spool.ackedSeq + 1, 1e6, 1e9)).records.map((r) => words(r.payload));
const names = (lanes: LaneSet): string[] => lanes.lanes.map(laneName);

/** Events and missing numbers of a lane from its acknowledged number on. */
async function account({ spool }: SpoolLane): Promise<{ events: number; missing: number; causes: string[] }> {
  const batch = await spool.read(spool.ackedSeq + 1, 1e6, 1e9);
  const missing = batch.missing.reduce((sum, m) => sum + m.to - m.from + 1, 0);
  return { events: batch.records.length, missing, causes: [...new Set(batch.missing.map((m) => m.cause))] };
}

describe("when there is no room", () => {
  test("the limit over all lanes takes the oldest backlog first, then bulk, alerts last; each number is accounted for", async () => {
    await using lanes = await open(await newDir(), { ...LIMITS, maxEvents: 320 });
    for (let i = 0; i < 10; i++) await put(lanes, "alert", 10);
    for (let i = 0; i < 10; i++) await put(lanes, "bulk", 10);
    await lanes.sealLong(1);
    for (let i = 0; i < 10; i++) await put(lanes, "bulk", 10);
    await lanes.sealLong(1);
    const [, , first, second] = lanes.lanes;
    for (let i = 0; i < 8; i++) await put(lanes, "bulk", 10);
    // Two lanes of 100 wait, 80 more came on 100 alerts: 60 of the older backlog had to go.
    expect(await account(first!)).toEqual({ events: 40, missing: 60, causes: ["spool_full"] });
    expect((await account(second!)).missing).toBe(0);
    for (let i = 0; i < 20; i++) await put(lanes, "bulk", 10);
    expect((await account(first!)).events).toBe(0);
    expect((await account(second!)).events).toBe(0);
    expect((await account(lanes.lanes[0]!)).missing).toBe(0);
    for (let i = 0; i < 40; i++) await put(lanes, "alert", 10);
    let [all, gone] = [0, 0];
    for (const lane of lanes.lanes) {
      const { events, missing } = await account(lane);
      all += events + missing;
      gone += missing;
    }
    expect(all).toBe(980);
    expect(gone).toBe(lanes.stats.dropped);
    expect(lanes.stats.depth).toBeLessThanOrEqual(320);
    // The newest segment of the bulk lane stays: it holds the position.
    expect((await account(lanes.lanes[1]!)).events).toBeGreaterThan(0);
  });

  test("the limit by bytes takes the same way: bulk from the oldest on, then alerts, each number accounted for", async () => {
    const maxBytes = 40_000;
    await using lanes = await open(await newDir(), { ...LIMITS, maxBytes });
    for (let i = 0; i < 15; i++) await put(lanes, "alert", 10);
    for (let i = 0; i < 150; i++) {
      await put(lanes, "bulk", 10);
      expect(lanes.stats.bytes).toBeLessThanOrEqual(maxBytes);
    }
    const [alert, bulk] = [await account(lanes.lanes[0]!), await account(lanes.lanes[1]!)];
    expect(alert).toEqual({ events: 150, missing: 0, causes: [] });
    expect(bulk.missing).toBeGreaterThan(400);
    expect(bulk).toEqual({ events: 1_500 - bulk.missing, missing: lanes.stats.dropped, causes: ["spool_full"] });
    expect((await held(lanes.lanes[1]!)).at(-1)).toBe("bulk 1500");
    // No more than a segment is given up beyond what is needed.
    expect(lanes.stats.bytes).toBeGreaterThan(maxBytes - 2 * LIMITS.segmentBytes);
    for (let i = 0; i < 200; i++) await put(lanes, "alert", 10);
    expect(lanes.stats.bytes).toBeLessThanOrEqual(maxBytes);
    const after = await account(lanes.lanes[0]!);
    expect(after.events + after.missing).toBe(2_150);
    expect(after.missing + (await account(lanes.lanes[1]!)).missing).toBe(lanes.stats.dropped);
  });

  test("a backlog that is gone whole is still told of, after a restart too", async () => {
    const dir = await newDir();
    const limits = { ...LIMITS, maxEvents: 64 };
    {
      await using lanes = await open(dir, limits);
      for (let i = 0; i < 5; i++) await put(lanes, "bulk", 10, "p");
      await lanes.sealLong(1);
      for (let i = 0; i < 20; i++) await put(lanes, "bulk", 10, "q");
      expect(await account(lanes.lanes[2]!)).toEqual({ events: 0, missing: 50, causes: ["spool_full"] });
    }
    await using lanes = await open(dir, limits);
    expect(await account(lanes.lanes[2]!)).toEqual({ events: 0, missing: 50, causes: ["spool_full"] });
    lanes.lanes[2]!.spool.ack(50);
    await lanes.settle();
    expect(names(lanes)).toEqual(["alert", "bulk"]);
  });

  const full = "costs the oldest bulk, never alerts for bulk; when nothing may go the append fails and loses nothing";
  test.each(["ENOSPC", "EDQUOT"] as const)(`a full disk (%s) ${full}`, async (refusal) => {
    const dir = await newDir();
    const disk = new FaultyDisk(dir);
    disk.refusal = refusal;
    await using lanes = await open(dir, LIMITS, disk);
    await put(lanes, "alert", 60, "p");
    for (let i = 0; i < 12; i++) await put(lanes, "bulk", 40, `p${i}`);
    disk.quotaBytes = disk.usedBytes + 500;
    for (let i = 0; i < 8; i++) await put(lanes, "bulk", 40, `q${i}`);
    const bulk = await account(lanes.lanes[1]!);
    expect(bulk.missing).toBeGreaterThan(0);
    expect(bulk.events + bulk.missing).toBe(800);
    expect(lanes.stats.dropped).toBe(bulk.missing);
    // Alerts make room for themselves by bulk.
    await put(lanes, "alert", 60, "r");
    expect((await account(lanes.lanes[0]!)).missing).toBe(0);
    disk.quotaBytes = 0;
    const before = lanes.live("bulk").nextSeq;
    expect(await put(lanes, "bulk", 40, "s").catch(errorMessage)).toContain(refusal);
    expect(lanes.live("bulk").nextSeq).toBe(before);
    expect(lanes.stats.alertDepth).toBe(120);
    disk.quotaBytes = Infinity;
    await put(lanes, "bulk", 40, "s");
    const after = await account(lanes.lanes[1]!);
    expect(after.events + after.missing).toBe(840);
    expect(after.missing).toBe(lanes.stats.dropped);
  });

  test.each(["EFBIG", "EROFS", "EIO"] as const)(
    "a disk that refuses with %s gets no event given up for it",
    async (refusal) => {
      const dir = await newDir();
      const disk = new FaultyDisk(dir);
      disk.refusal = refusal;
      await using lanes = await open(dir, LIMITS, disk);
      for (const kind of ["alert", "bulk"] as const) for (let i = 0; i < 4; i++) await put(lanes, kind, 40, "p");
      disk.quotaBytes = 0;
      for (const kind of ["alert", "bulk"] as const)
        expect(await put(lanes, kind, 40, "q").catch(errorMessage)).toContain(refusal);
      expect(lanes.stats).toMatchObject({ depth: 320, dropped: 0 });
      disk.quotaBytes = Infinity;
      await put(lanes, "bulk", 40, "q");
      expect(await account(lanes.lanes[1]!)).toEqual({ events: 200, missing: 0, causes: [] });
    },
  );
});

describe("after a power cut", () => {
  test("what an append resolved for is there; one that had not is there whole or not at all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ kind: fc.constantFrom<LaneKind>("alert", "bulk"), count: fc.integer({ min: 1, max: 30 }) }),
          {
            minLength: 1,
            maxLength: 15,
          },
        ),
        async (appends) => {
          const dir = await newDir();
          const disk = new FaultyDisk(dir);
          const lanes = await open(dir, LIMITS, disk);
          const durable = { alert: 0, bulk: 0 };
          for (const { kind, count } of appends.slice(0, -1)) {
            await put(lanes, kind, count, `p${durable[kind]}`);
            durable[kind] += count;
          }
          const last = appends.at(-1)!;
          disk.stuck = true;
          // Its flush never comes back.
          const lost = put(lanes, last.kind, last.count, "lost").catch(() => {});
          for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
          const copy = await newDir();
          await cp(dir, copy, { recursive: true });
          await disk.cutPower(copy);
          disk.release();
          await lost;
          await lanes[Symbol.asyncDispose]();
          await using again = await open(copy);
          for (const [i, kind] of (["alert", "bulk"] as const).entries()) {
            const found = await held(again.lanes[i]!);
            expect(found).toEqual(Array.from({ length: durable[kind] }, (_, n) => `${kind} ${n + 1}`));
            expect(again.live(kind).nextSeq).toBe(durable[kind] + 1);
            expect((await account(again.lanes[i]!)).missing).toBe(0);
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  test("a segment that is gone is named, and the rest is kept", async () => {
    const dir = await newDir();
    {
      await using lanes = await open(dir);
      for (let i = 0; i < 10; i++) await put(lanes, "bulk", 30, `p${i}`);
    }
    const lane = join(dir, "bulk-00000001");
    const segments = (await readdir(lane)).filter((n) => n.endsWith(".seg")).toSorted();
    await rm(join(lane, segments[2]!));
    await using lanes = await open(dir);
    const { events, missing, causes } = await account(lanes.lanes[1]!);
    expect(missing).toBe(Number(segments[3]!.slice(0, 16)) - Number(segments[2]!.slice(0, 16)));
    expect(events + missing).toBe(300);
    expect(causes).toEqual(["spool_corrupt"]);
    expect(lanes.stats.corrupt).toBe(missing);
  });

  test("the newest segment gone after a kill: its numbers are told of and not given out again, under the same epoch", async () => {
    const dir = await newDir();
    const copy = await newDir();
    await using lanes = await open(dir);
    for (let i = 0; i < 10; i++) await put(lanes, "bulk", 30, `p${i}`);
    await cp(dir, copy, { recursive: true });
    const lane = join(copy, "bulk-00000001");
    const last = (await readdir(lane))
      .filter((n) => n.endsWith(".seg"))
      .toSorted()
      .at(-1)!;
    await rm(join(lane, last));
    await using again = await open(copy);
    const { events, missing, causes } = await account(again.lanes[1]!);
    expect(events).toBe(Number(last.slice(0, 16)) - 1);
    expect(again.live("bulk").nextSeq).toBe(events + missing + 1);
    expect(again.live("bulk").nextSeq).toBeGreaterThan(300);
    expect(causes).toEqual(["spool_corrupt"]);
    expect(again.live("bulk").epoch).toBe(lanes.live("bulk").epoch);
  });
});
