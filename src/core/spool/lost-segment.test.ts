import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cp, mkdir, mkdtemp, readdir, rm, rmdir, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../clock.ts";
import { errorMessage } from "../error.ts";
import { silentLog } from "../log.ts";
import { DEFAULT_SPOOL_LIMITS } from "./limits.ts";
import { Spool } from "./spool.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-lost-segment-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = (): string => join(root, String(++dirs));

const SEGMENT_EVENTS = 10;
const LIMITS = { ...DEFAULT_SPOOL_LIMITS, segmentBytes: 600, segmentEvents: SEGMENT_EVENTS };
const MOST_IN_A_BATCH = 12;
const open = (dir: string): Promise<Spool> => Spool.open(dir, LIMITS, new ManualClock(), silentLog);
const words = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Appends so many events; each says its number and when it was made. */
async function put(spool: Spool, count: number, told: Map<number, string>, when: string): Promise<void> {
  const texts = Array.from({ length: count }, (_, i) => `${spool.nextSeq + i} ${when}`);
  const { firstSeq } = await spool.append(
    texts.map((t) => new TextEncoder().encode(t)),
    new TextEncoder().encode("p"),
  );
  texts.forEach((t, i) => told.set(firstSeq + i, t));
}

/** What the spool answers for each number above the acknowledged one: an event, or why it is missing. */
async function answers(spool: Spool): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  const { records, missing } = await spool.read(spool.ackedSeq + 1, 1e6, 1e9);
  for (const { seq, payload } of records) found.set(seq, words(payload));
  for (const { from, to, cause } of missing)
    for (let seq = from; seq <= to; seq++) {
      expect(found.has(seq)).toBe(false);
      found.set(seq, cause);
    }
  expect(found.size).toBe(spool.nextSeq - 1 - spool.ackedSeq);
  return found;
}

async function segmentsIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((n) => n.endsWith(".seg")).toSorted();
}

/** What a kill -9 would leave of a spool at this moment. */
async function killed(dir: string): Promise<string> {
  const copy = newDir();
  await cp(dir, copy, { recursive: true });
  return copy;
}

const LIFE = fc.record({
  batches: fc.array(fc.integer({ min: 0, max: MOST_IN_A_BATCH }), { minLength: 1, maxLength: 8 }),
  acked: fc.double({ min: 0, max: 1, noNaN: true }),
  lost: fc.constantFrom("none", "last", "last two", "any", "all", "emptied"),
  which: fc.nat(),
});

describe("a segment that is gone after a kill", () => {
  test("whichever it is, each number has its event or is missing, and none is given out twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(LIFE, { minLength: 1, maxLength: 4 }), async (lives) => {
        let dir = newDir();
        const told = new Map<number, string>();
        let epoch: string | undefined;
        for (const [life, { batches, acked, lost, which }] of lives.entries()) {
          await using spool = await open(dir);
          // Nothing at all was left of it once, when it had not given out a number.
          if (told.size > 0) expect(spool.epoch).toBe(epoch!);
          epoch = spool.epoch;
          for (const count of batches) {
            const before = told.size;
            await put(spool, count, told, `life ${life}`);
            // A number that had been given out before would replace its event here.
            expect(told.size).toBe(before + count);
          }
          spool.ack(spool.ackedSeq + Math.floor(acked * (spool.nextSeq - 1 - spool.ackedSeq)));
          const highest = spool.nextSeq - 1;
          dir = await killed(dir);
          const names = await segmentsIn(dir);
          const picked = { none: [], last: names.slice(-1), "last two": names.slice(-2), all: names };
          const gone = lost === "any" ? [names[which % names.length]!] : lost === "emptied" ? [] : picked[lost];
          for (const name of gone) await rm(join(dir, name));
          if (lost === "emptied") await truncate(join(dir, names.at(-1)!), which % 32);

          await using again = await open(dir);
          expect(again.nextSeq).toBeGreaterThan(highest);
          expect(again.nextSeq - 1 - highest).toBeLessThanOrEqual(Math.max(SEGMENT_EVENTS, MOST_IN_A_BATCH));
          if (lost === "none") expect(again.nextSeq - 1).toBe(highest);
          for (const [seq, answer] of await answers(again)) {
            if (answer.startsWith("spool_")) continue;
            expect(answer).toBe(told.get(seq)!);
          }
          dir = await killed(dir);
        }
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  test("the newest is named with the range it may have held, as damage, over another restart too", async () => {
    const dir = newDir();
    const told = new Map<number, string>();
    await using spool = await open(dir);
    for (let i = 0; i < 9; i++) await put(spool, 3, told, "x");
    const copy = await killed(dir);
    const names = await segmentsIn(copy);
    expect(names.map((n) => Number(n.slice(0, 16)))).toEqual([1, 10, 19]);
    await rm(join(copy, names.at(-1)!));
    for (let i = 0; i < 2; i++) {
      await using again = await open(copy);
      // It may have given out ten, and had given out nine: nobody can tell.
      expect(again.nextSeq).toBe(29);
      expect((await again.read(10, 1e6, 1e9)).missing).toEqual([{ from: 19, to: 28, cause: "spool_corrupt" }]);
      expect(again.stats).toMatchObject({ depth: 18, corrupt: 10 });
    }
    await using third = await open(copy);
    await put(third, 1, told, "y");
    expect((await third.read(19, 1e6, 1e9)).records.map((r) => words(r.payload))).toEqual(["29 y"]);
  });

  test("after an orderly end the range is what it held", async () => {
    const dir = newDir();
    {
      await using spool = await open(dir);
      await put(spool, 8, new Map(), "x");
      await put(spool, 5, new Map(), "x");
    }
    await rm(join(dir, (await segmentsIn(dir)).at(-1)!));
    await using again = await open(dir);
    expect((await again.read(1, 1e6, 1e9)).missing).toEqual([{ from: 9, to: 13, cause: "spool_corrupt" }]);
    expect(again.nextSeq).toBe(14);
  });

  test("no number is given out while the disk refuses to keep which may be", async () => {
    const dir = newDir();
    await using spool = await open(dir);
    await mkdir(join(dir, ".meta.tmp"));
    expect(await put(spool, 3, new Map(), "x").catch(errorMessage)).toContain("EISDIR");
    expect(spool.nextSeq).toBe(1);
    expect(spool.stats.depth).toBe(0);
    await rmdir(join(dir, ".meta.tmp"));
    await put(spool, 3, new Map(), "x");
    expect([...(await answers(spool)).keys()]).toEqual([1, 2, 3]);
  });
});
