import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, open, readFile, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { runProgram } from "../../../test/harness/program.ts";
import type { DiskState } from "../../core/api/settings.ts";
import { ManualClock } from "../../core/clock.ts";
import { createLog } from "../../core/log.ts";
import { StartRoom } from "../embedded/start-room.ts";
import { afterPortion, Ballast, ballastBytes } from "./ballast.ts";
import { DISK_LIMITS, levelOf } from "./watch.ts";
import { keepBallast } from "./wire.ts";

const MIB = 1024 * 1024;
const said: string[] = [];
const log = createLog({ level: "debug", write: (line) => void said.push(line) });
let dir = "";
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (s) => s.size,
    () => 0,
  );

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-ballast-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("the size of the ballast", () => {
  const disks = fc.integer({ min: 0, max: 20_000 }).map((mib) => mib * MIB);

  test("is bounded, and with all of it given up a full disk still counts as full", () => {
    expect(ballastBytes(100 * 1024 * MIB)).toBe(64 * MIB);
    expect(ballastBytes(1024 * MIB)).toBe(32 * MIB);
    expect(ballastBytes(20 * MIB)).toBe(0);
    fc.assert(
      fc.property(disks, (total) => {
        const bytes = ballastBytes(total);
        expect(bytes).toBeLessThanOrEqual(64 * MIB);
        if (bytes > 0) expect(levelOf(bytes, total, DISK_LIMITS, "well")).toBe("full");
      }),
    );
  });

  test("goes down by what a start may need, to nothing after two starts", () => {
    fc.assert(
      fc.property(disks, (total) => {
        const wanted = ballastBytes(total);
        let left = wanted;
        for (let starts = 0; starts < 2; starts++) {
          const next = afterPortion(left, wanted);
          if (left > 0) expect(left - next).toBeGreaterThanOrEqual(Math.min(left, 16 * MIB));
          left = next;
        }
        expect(left).toBe(0);
      }),
    );
  });
});

test("is laid in blocks that nothing can make smaller, once, and only what is missing again", async () => {
  const ballast = new Ballast(dir, log);
  const { wanted } = await ballast.look();
  expect(await ballast.lay()).toBe(true);
  const laid = await readFile(ballast.path);
  expect(laid.length).toBe(wanted);
  expect(deflateSync(laid.subarray(0, 4 * MIB)).length).toBeGreaterThan(4 * MIB);
  expect(laid.subarray(0, MIB).equals(laid.subarray(MIB, 2 * MIB))).toBe(false);
  await truncate(ballast.path, wanted - MIB - 7);
  expect(await ballast.lay()).toBe(true);
  const again = await readFile(ballast.path);
  expect(again.length).toBe(wanted);
  expect(again.subarray(0, wanted - MIB - 7).equals(laid.subarray(0, wanted - MIB - 7))).toBe(true);
}, 60_000);

describe("the start of a store", () => {
  let at = "";
  let ballast: Ballast;
  /** A file of the whole size; that it is a hole is no matter here. */
  async function laid(name: string): Promise<number> {
    at = join(dir, name);
    await mkdir(at);
    ballast = new Ballast(at, log);
    const { wanted } = await ballast.look();
    await writeFile(ballast.path, "");
    await truncate(ballast.path, wanted);
    said.length = 0;
    return wanted;
  }

  test("takes nothing unless it was space on the disk that the start lacked", async () => {
    const wanted = await laid("room");
    const room = new StartRoom("postgres", at, log);
    await room.make();
    room.heard("FATAL:  could not create shared memory segment: No space left on device");
    room.heard("FATAL:  could not create semaphores: No space left on device");
    room.heard('FATAL:  lock file "postmaster.pid" already exists');
    await room.make();
    room.heard('PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device');
    room.started();
    room.heard('ERROR:  could not extend file "base/16385/2838": No space left on device');
    await room.make();
    expect(await sizeOf(ballast.path)).toBe(wanted);
    expect(said).toEqual([]);
    // It broke, began anew and could not.
    room.started();
    await room.make();
    room.heard('ERROR:  could not write blocks 14..14 in file "base/16385/2838": No space left on device');
    room.heard("FATAL:  checkpoint request failed");
    await room.make();
    expect(await sizeOf(ballast.path)).toBe(afterPortion(wanted, wanted));
  });

  test("that failed for want of space, or of quota, takes a portion; without any it is told once", async () => {
    const wanted = await laid("lacking");
    const room = new StartRoom("postgres", at, log);
    room.heard('FATAL:  could not create lock file "postmaster.pid": No space left on device');
    await room.make();
    const left = afterPortion(wanted, wanted);
    expect(await sizeOf(ballast.path)).toBe(left);
    // One failure, one portion.
    await room.make();
    expect(await sizeOf(ballast.path)).toBe(left);
    for (let more = 0; more < 5; more++) {
      room.heard('PANIC:  could not write to file "pg_wal/xlogtemp.7": Disk quota exceeded');
      await room.make();
    }
    expect(await sizeOf(ballast.path)).toBe(0);
    expect(said.filter((line) => line.includes("is given up")).length).toBe(2);
    expect(said.filter((line) => line.includes("no ballast is left")).length).toBe(1);
  });

  test("goes on when the ballast is something else", async () => {
    at = join(dir, "strange");
    await mkdir(join(at, "ballast"), { recursive: true });
    ballast = new Ballast(at, log);
    expect(await ballast.lay()).toBe(false);
    expect(await ballast.makeRoom("postgres", true)).toBe(false);
    expect(await new Ballast(join(dir, "absent"), log).makeRoom("postgres", true)).toBe(false);
  });
});

const small = await mkdtemp(join(tmpdir(), "telovix-ballast-small-"));
const mounted =
  process.getuid?.() === 0 &&
  (await runProgram("mount", ["-t", "tmpfs", "-o", "size=128m,mode=755", "tmpfs", small])).code === 0;
if (!mounted) process.stderr.write("SKIPPED: ballast: no small disk can be mounted here (not root, or not allowed)\n");

describe.skipIf(!mounted)("on a disk that is full", () => {
  afterAll(async () => {
    await runProgram("umount", [small]);
    await rm(small, { recursive: true, force: true });
  });

  test("it is given up when next to nothing is free; what cannot be laid takes nothing", async () => {
    const ballast = new Ballast(small, log);
    expect(await ballast.lay()).toBe(true);
    expect(await sizeOf(ballast.path)).toBe(4 * MIB);
    expect(await ballast.makeRoom("postgres", false)).toBe(true);
    expect(await sizeOf(ballast.path)).toBe(4 * MIB);
    const filler = await open(join(small, "filler"), "w");
    for (;;) if (!(await filler.write(Buffer.alloc(4096)).then(Boolean, () => false))) break;
    await filler.close();
    expect(await ballast.makeRoom("postgres", false)).toBe(true);
    const { bavail, bsize } = await statfs(small);
    expect([await sizeOf(ballast.path), bavail * bsize]).toEqual([0, 4 * MIB]);
    // One MiB less than it needs.
    await writeFile(join(small, "other"), Buffer.alloc(MIB));
    said.length = 0;
    expect(await ballast.lay()).toBe(false);
    expect(await sizeOf(ballast.path)).toBe(0);
    expect(said.filter((line) => line.includes("no ballast could be laid")).length).toBe(1);
  });
});

describe("the keeping of it", () => {
  const DAY_MS = 86_400_000;
  let laidAt: number[] = [];

  /** Plays so many days; each time it is laid something takes it after `keptMs`. */
  async function play(days: number, keptMs: number, level: (dayAt: number) => DiskState["level"]): Promise<void> {
    const clock = new ManualClock();
    laidAt = [];
    const there = (): boolean => laidAt.length > 0 && clock.monotonicMs() - laidAt.at(-1)! < keptMs;
    const keeper = keepBallast(
      {
        look: () => Promise.resolve({ bytes: there() ? 64 : 0, wanted: 64 }),
        lay: () => Promise.resolve(void laidAt.push(clock.monotonicMs())).then(() => true),
      },
      {
        get state() {
          return { level: level(clock.monotonicMs() / DAY_MS), free_bytes: 0, total_bytes: 0 };
        },
      },
      clock,
    );
    const end = new AbortController();
    const running = keeper.run(end.signal);
    await clock.advance(days * DAY_MS);
    end.abort();
    await running;
  }

  test("lays it a minute after the start and leaves it", async () => {
    await play(3, Infinity, () => "well");
    expect(laidAt).toEqual([60_000]);
  });

  test("waits while the disk is not well, and lays it within minutes once it is", async () => {
    await play(2, Infinity, (day) => (day < 1 ? "full" : "well"));
    expect(laidAt.length).toBe(1);
    expect(laidAt[0]! - DAY_MS).toBeLessThanOrEqual(120_000);
  });

  test.each([0, 600_000, 20 * 3_600_000])(
    "one that is taken again after %d ms is laid ever more seldom",
    async (keptMs) => {
      await play(8, keptMs, () => "well");
      expect(laidAt.length).toBeGreaterThan(1);
      expect(laidAt.length).toBeLessThan(16);
    },
  );

  test("forgets after a day that it lay", async () => {
    await play(10, 2 * DAY_MS, () => "well");
    expect(laidAt.length).toBe(5);
  });
});
