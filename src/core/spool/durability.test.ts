import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ManualClock } from "../clock.ts";
import { silentLog } from "../log.ts";
import { DEFAULT_SPOOL_LIMITS } from "./limits.ts";
import { writeFileAtomic } from "./meta.ts";
import { realDisk, type SpoolDisk } from "./segment.ts";
import { Spool } from "./spool.ts";

const root = mkdtempSync(join(tmpdir(), "telovix-durability-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = (): string => join(root, String(++dirs));

const LIMITS = { ...DEFAULT_SPOOL_LIMITS, segmentEvents: 2, ackDelayMs: 0 };
const event = new Uint8Array([1, 2, 3]);
const openSpool = (dir: string, disk: SpoolDisk = realDisk): Promise<Spool> =>
  Spool.open(dir, LIMITS, new ManualClock(), silentLog, disk);

/** Of open(2), as /proc shows it; the bit that says that a write returns once its data is on the medium. */
const O_DSYNC = 0o10000;

/** With which flags this process has a file open; once for each time it has. */
function openFlags(path: string): number[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return [];
      return [Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))![1]!, 8)];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

/** What was written and flushed, in that order, as the file system was asked for it. */
let asked: string[] = [];
/** Called at each flush. */
let atFlush: (name: string) => void = () => {};
let restore = (): void => {};

beforeAll(async () => {
  // There is no way round the prototype: whoever flushes a file or a directory comes through it.
  const probe = await open(root, "r");
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const sync = Reflect.get(prototype, "sync") as (this: FileHandle) => Promise<void>;
  prototype.sync = function flush(this: FileHandle): Promise<void> {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    if (path.startsWith(root)) {
      const name = basename(path).startsWith(".") ? basename(path) : "directory";
      asked.push(`flush ${name}`);
      atFlush(name);
    }
    return sync.call(this);
  };
  restore = () => void (prototype.sync = sync);
});
afterAll(() => restore());
afterEach(() => {
  asked = [];
  atFlush = () => {};
});

/** The disk as it is; each write to a segment is noted once it is durable. */
const noting: SpoolDisk = {
  async open(path, how) {
    const file = await realDisk.open(path, how);
    return new Proxy(file, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        if (key !== "write") return value.bind(target) as unknown;
        return async (...args: Parameters<FileHandle["write"]>) => {
          const written = await target.write(...args);
          expect(openFlags(path).some((flags) => flags & O_DSYNC)).toBe(true);
          asked.push(`write ${Number.parseInt(basename(path), 10)}`);
          return written;
        };
      },
    });
  },
};

describe("what the spool asks of the disk", () => {
  test("a segment is open with O_DSYNC: a write to it returns once it is on the medium", async () => {
    const dir = newDir();
    const path = join(dir, "0000000000000001.seg");
    const flagged = (): boolean[] => openFlags(path).map((flags) => (flags & O_DSYNC) !== 0);
    {
      await using spool = await openSpool(dir);
      await spool.append([event]);
      expect(flagged()).toEqual([true]);
    }
    await using _again = await openSpool(dir);
    expect(flagged()).toEqual([true]);
  });

  test("before the first event of a segment: its header, its name, and in the cursor file which numbers it may give out", async () => {
    await using spool = await openSpool(newDir(), noting);
    await spool.append([]);
    asked = [];
    await spool.append([event, event]);
    expect(asked).toEqual(["flush .meta.tmp", "flush directory", "write 1"]);
    asked = [];
    await spool.append([event]);
    expect(asked).toEqual(["write 3", "flush directory", "flush .meta.tmp", "flush directory", "write 3"]);
    asked = [];
    // Within the segment one write is all.
    await spool.append([event]);
    expect(asked).toEqual(["write 3"]);
  });

  test("an acknowledgement is on the medium before a segment goes, and the segment's going after it", async () => {
    const dir = newDir();
    const spool = await openSpool(dir);
    for (let i = 0; i < 6; i++) await spool.append([event]);
    asked = [];
    const segments: number[] = [];
    atFlush = () => void segments.push(readdirSync(dir).filter((n) => n.endsWith(".seg")).length);
    spool.ack(4);
    await spool[Symbol.asyncDispose]();
    expect(asked.slice(0, 3)).toEqual(["flush .meta.tmp", "flush directory", "flush directory"]);
    expect(segments.slice(0, 3)).toEqual([3, 3, 1]);
  });

  test("a file is replaced by one that is on the medium already, and the name after it", async () => {
    await using _spool = await openSpool(newDir());
    const dir = join(root, String(dirs));
    await writeFileAtomic(dir, "kept", "old");
    asked = [];
    const seen: string[] = [];
    atFlush = (name) =>
      void seen.push(
        name,
        readFileSync(join(dir, "kept"), "utf8"),
        readFileSync(join(dir, name === "directory" ? "kept" : name), "utf8"),
      );
    await writeFileAtomic(dir, "kept", "new");
    expect(seen).toEqual([".kept.tmp", "old", "new", "directory", "new", "new"]);
  });
});
