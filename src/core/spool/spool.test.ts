import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../clock.ts";
import { silentLog } from "../log.ts";
import { crc32c } from "../crc32c.ts";
import { SEGMENT_HEADER_BYTES } from "./format.ts";
import { DEFAULT_SPOOL_LIMITS, type SpoolLimits } from "./limits.ts";
import { Spool } from "./spool.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-spool-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = (): string => join(root, String(++dirs));

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const words = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());
const LIMITS: SpoolLimits = { ...DEFAULT_SPOOL_LIMITS, ackDelayMs: 0 };
const SMALL: SpoolLimits = { maxEvents: 320, maxBytes: 1 << 20, segmentBytes: 600, ackDelayMs: 0 };
const open = (dir: string, limits = LIMITS): Promise<Spool> => Spool.open(dir, limits, new ManualClock(), silentLog);

/** Every event from `from` on, and the missing numbers. */
async function drain(
  spool: Spool,
  from = spool.ackedSeq + 1,
): Promise<{ events: Map<number, string>; missing: number[] }> {
  const events = new Map<number, string>();
  const missing: number[] = [];
  for (let next = from; next < spool.nextSeq;) {
    const batch = await spool.read(next, 7, 300);
    for (const r of batch.records) {
      expect(events.has(r.seq)).toBe(false);
      events.set(r.seq, words(r.payload));
    }
    for (const m of batch.missing) for (let seq = m.from; seq <= m.to; seq++) missing.push(seq);
    expect(batch.lastSeq).toBeGreaterThanOrEqual(next);
    next = batch.lastSeq + 1;
  }
  return { events, missing };
}

async function lastSegment(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((n) => n.endsWith(".seg")).toSorted();
  return join(dir, names.at(-1)!);
}

test("crc32c gives the check value of its definition", () => {
  expect(crc32c(text("123456789"))).toBe(0xe3069283);
  expect(crc32c(text("56789"), crc32c(text("1234")))).toBe(0xe3069283);
});

describe("spool", () => {
  test("gives back what was appended, numbered from one, after it was closed and opened", async () => {
    const dir = newDir();
    let epoch = "";
    {
      await using spool = await open(dir);
      epoch = spool.epoch;
      expect(await spool.append([text("a"), text("b")], text("p1"))).toEqual({ firstSeq: 1, lastSeq: 2 });
      expect(await spool.append([], text("p2"))).toEqual({ firstSeq: 3, lastSeq: 2 });
      spool.ack(1);
    }
    await using spool = await open(dir);
    expect(spool.epoch).toBe(epoch);
    expect(spool.ackedSeq).toBe(1);
    expect(words(spool.position)).toBe("p2");
    expect([...(await drain(spool)).events]).toEqual([[2, "b"]]);
    expect(await spool.append([text("c")])).toEqual({ firstSeq: 3, lastSeq: 3 });
  });

  test("refuses an acknowledgement of numbers it never gave", async () => {
    await using spool = await open(newDir());
    await spool.append([text("a")]);
    expect(() => spool.ack(2)).toThrow("only 1 were ever sent");
    expect(() => spool.append([new Uint8Array(256 * 1024 + 1)])).toThrow("does not fit");
  });

  test("drops the oldest when full, counts them and names their numbers", async () => {
    await using spool = await open(newDir(), SMALL);
    for (let i = 1; i <= 500; i++) await spool.append([text(`event ${i}`)]);
    const { events, missing } = await drain(spool, 1);
    expect(spool.stats.depth).toBeLessThanOrEqual(320);
    expect(spool.stats.dropped).toBe(500 - spool.stats.depth);
    expect(missing.length).toBe(spool.stats.dropped);
    expect(missing.length + events.size).toBe(500);
    expect((await spool.read(1, 1000, 1e6)).missing).toEqual([
      { from: 1, to: spool.stats.dropped, cause: "spool_full" },
    ]);
    expect(events.get(500)).toBe("event 500");
  });

  test("removes segments once they are acknowledged, never the one that holds the position", async () => {
    const dir = newDir();
    {
      await using spool = await open(dir, SMALL);
      for (let i = 1; i <= 100; i++) await spool.append([text(`event ${i}`)], text(`at ${i}`));
      spool.ack(100);
    }
    expect((await readdir(dir)).filter((n) => n.endsWith(".seg"))).toHaveLength(1);
    await using spool = await open(dir, SMALL);
    expect(words(spool.position)).toBe("at 100");
    expect(spool.nextSeq).toBe(101);
  });

  test("begins a new epoch when nothing tells which numbers were used", async () => {
    const dir = newDir();
    let epoch = "";
    {
      await using spool = await open(dir);
      epoch = spool.epoch;
      await spool.append([text("a")]);
    }
    for (const name of await readdir(dir)) if (name !== "header") await rm(join(dir, name));
    await using spool = await open(dir);
    expect(spool.epoch).not.toBe(epoch);
  });

  test("keeps the epoch and the numbers when the header or the cursor file is lost", async () => {
    for (const lost of ["header", "meta"]) {
      const dir = newDir();
      let epoch = "";
      {
        await using spool = await open(dir);
        epoch = spool.epoch;
        await spool.append([text("a"), text("b")]);
      }
      await rm(join(dir, lost));
      await using spool = await open(dir);
      expect(spool.epoch).toBe(epoch);
      expect(spool.nextSeq).toBe(3);
      expect((await drain(spool, 1)).events.size).toBe(2);
    }
  });
});

interface Model {
  /** Events whose append returned, by number. */
  durable: Map<number, string>;
  position: string;
  acked: number;
}

/** Runs batches of events on a spool in `dir`, without closing it cleanly at the end. */
async function grow(dir: string, batches: readonly number[], model: Model): Promise<Spool> {
  const spool = await open(dir, SMALL);
  for (const size of batches) {
    const payloads = Array.from(
      { length: size },
      (_, i) => `${spool.nextSeq + i}:${"x".repeat((spool.nextSeq * 7 + i) % 40)}`,
    );
    const position = `p${model.position.length}.${spool.nextSeq + size}`;
    const { firstSeq } = await spool.append(payloads.map(text), text(position));
    payloads.forEach((p, i) => model.durable.set(firstSeq + i, p));
    model.position = position;
  }
  return spool;
}

const BATCHES = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 });

describe("after a crash", () => {
  test("a write cut at any byte loses no finished append, repeats none and renumbers none", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ batches: BATCHES, cut: fc.double({ min: 0, max: 1, noNaN: true }) }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (rounds) => {
          const dir = newDir();
          const model: Model = { durable: new Map(), position: "", acked: 0 };
          for (const { batches, cut } of rounds) {
            const spool = await grow(dir, batches, model);
            // The crash: one more append is under way, and only a part of its bytes got to the disk.
            const path = await lastSegment(dir);
            const whole = (await stat(path)).size;
            const copy = newDir();
            const first = spool.nextSeq;
            const meta = await readFile(join(dir, "meta")).catch(() => undefined);
            await spool.append([text(`${first}:lost`), text(`${first + 1}:lost`)], text("late"));
            const pathAfter = await lastSegment(dir);
            const from = pathAfter === path ? whole : 0;
            const to = (await stat(pathAfter)).size;
            await cp(dir, copy, { recursive: true });
            await spool[Symbol.asyncDispose]();
            const kept = Math.floor(from + cut * (to - from));
            await truncate(join(copy, pathAfter.slice(dir.length + 1)), kept);
            // The cursor file tells of a new segment only when that has its header.
            if (kept < SEGMENT_HEADER_BYTES)
              await (meta ? writeFile(join(copy, "meta"), meta) : rm(join(copy, "meta")));
            await rm(dir, { recursive: true });
            await cp(copy, dir, { recursive: true });
            await using again = await open(dir, SMALL);
            const { events, missing } = await drain(again, 1);
            expect(missing).toEqual([]);
            const full = again.nextSeq === first + 2;
            expect(again.nextSeq).toBe(full ? first + 2 : first);
            expect(words(again.position)).toBe(full ? "late" : model.position);
            if (full) {
              model.durable.set(first, `${first}:lost`).set(first + 1, `${first + 1}:lost`);
              model.position = "late";
            }
            expect(events).toEqual(model.durable);
          }
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);

  test("one flipped bit costs at most the record it hits; numbers and position stay", async () => {
    await fc.assert(
      fc.asyncProperty(
        BATCHES,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 7 }),
        async (batches, where, bit) => {
          const dir = newDir();
          const model: Model = { durable: new Map(), position: "", acked: 0 };
          await using spool = await grow(dir, batches, model);
          const next = spool.nextSeq;
          const copy = newDir();
          await cp(dir, copy, { recursive: true });
          const names = (await readdir(copy)).filter((n) => n.endsWith(".seg")).toSorted();
          const path = join(copy, names[Math.floor(where * names.length)]!);
          const bytes = await readFile(path);
          const at = Math.floor(where * 7919 * bytes.length) % bytes.length;
          bytes[at]! ^= 1 << bit;
          await writeFile(path, bytes);
          await using again = await open(copy, SMALL);
          const { events, missing } = await drain(again, 1);
          expect(missing.length).toBeLessThanOrEqual(1);
          expect(again.nextSeq).toBe(next);
          expect(words(again.position)).toBe(model.position);
          for (const [seq, payload] of events) expect(payload).toBe(model.durable.get(seq)!);
          expect(events.size + missing.length).toBe(model.durable.size);
          if (missing.length) expect(again.stats.corrupt).toBeGreaterThan(0);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);

  test("acknowledged numbers never come back as new ones", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (steps) => {
          const dir = newDir();
          let acked = 0;
          let next = 1;
          for (const [size, part] of steps) {
            await using spool = await open(dir, SMALL);
            expect(spool.ackedSeq).toBe(acked);
            expect(spool.nextSeq).toBe(next);
            await spool.append(Array.from({ length: size }, (_, i) => text(`${next + i}`)));
            next += size;
            const seq = acked + Math.floor(part * (next - 1 - acked));
            spool.ack(seq);
            acked = Math.max(acked, seq);
            const { events, missing } = await drain(spool);
            expect(missing).toEqual([]);
            expect([...events.keys()]).toEqual(Array.from({ length: next - 1 - acked }, (_, i) => acked + 1 + i));
          }
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});
