import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Packr } from "msgpackr";
import { testEvent, testHeartbeat } from "../../../test/harness/sensor-messages.ts";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { createLog } from "../../core/log.ts";
import { LaneSet } from "../../core/spool/lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "../../core/spool/limits.ts";
import type { Ack } from "../../core/wire/common.ts";
import type { EventsBatch } from "../../core/wire/events.ts";
import type { Heartbeat, HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { HeartbeatLoop, type HeartbeatOptions } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-without-stream-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = (): string => join(root, String(++dirs));

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: "number" });
const EVENTS = 12_000;
/** Two appends of this size do not fit one segment. */
const SEGMENT = 3_000;
const INTERVAL_MS = 15_000;
/** Enough for all of them at a hundred a heartbeat and some batches between, and few enough to notice that one stands still. */
const BEATS = 20;

async function openLanes(dir: string): Promise<LaneSet> {
  await mkdir(dir, { recursive: true });
  return LaneSet.open(dir, DEFAULT_SPOOL_LIMITS, new ManualClock(), createLog({ write: () => {} }));
}

async function fill(lanes: LaneSet): Promise<void> {
  const make = (first: number): Uint8Array[] =>
    Array.from({ length: SEGMENT }, (_, i) => Uint8Array.from(packr.pack(testEvent(first + i))));
  for (let made = 0; made < EVENTS; made += SEGMENT) await lanes.append("bulk", make, new Uint8Array());
}

/** A Console that answers as ingest does: with the highest number it has, whatever came last. */
class Answers {
  /** Highest number it has stored; what comes below it is thrown away. */
  durable = 0;
  /** Numbers it stored, each once. */
  stored = 0;
  /** It stores the next large batch, and its answer does not arrive. */
  loseNext = false;
  /** Its acknowledgements are so much too high. */
  tooMuch = 0;
  /** What batches said was acknowledged elsewhere. */
  readonly bases = new Set<number | undefined>();
  /** What was told as missing. */
  readonly missing: unknown[] = [];
  /** What it says in each answer to a heartbeat. */
  says: Partial<HeartbeatResponse> = {};

  take({ epoch, first_seq, last_seq, base_seq, missing = [] }: Omit<EventsBatch, "events">): Ack {
    this.bases.add(base_seq);
    this.missing.push(...missing);
    expect(first_seq).toBeLessThanOrEqual(this.durable + 1);
    this.stored += Math.max(0, last_seq - this.durable);
    this.durable = Math.max(this.durable, last_seq);
    if (this.loseNext && last_seq - first_seq >= LIMITS.heartbeatEvents) {
      this.loseNext = false;
      throw new AppError("unavailable", "no answer came");
    }
    return { epoch, seq: this.durable + this.tooMuch };
  }
}

interface Life {
  readonly loop: HeartbeatLoop;
  readonly logged: string[];
  /** What the sensor took from answers beside acknowledgements. */
  readonly heard: string[];
}

/** The sensor's loop over these lanes without a stream, for some heartbeats. */
async function live(lanes: LaneSet, answers: Answers, beats = BEATS): Promise<Life> {
  const clock = new ManualClock();
  const logged: string[] = [];
  const heard: string[] = [];
  const log = createLog({ write: (line) => void logged.push(line) });
  const heartbeat = (body: Heartbeat): HeartbeatResponse => ({
    server_time_us: clock.nowMs() * 1000,
    rejected: [],
    heartbeat_interval_ms: INTERVAL_MS,
    trust_health: "healthy",
    want_full: false,
    ...answers.says,
    ...(body.batch ? { ack: answers.take(body.batch) } : {}),
  });
  const options = {
    client: {
      post: async (_: string, body: Heartbeat) => heartbeat(body),
      postPacked: async (_: string, packed: Uint8Array) => ({
        ack: answers.take(packr.unpack(packed) as EventsBatch),
        rejected: [],
      }),
    },
    outbox: new Outbox(lanes, log),
    trust: {
      seen: (answer: HeartbeatResponse) => void heard.push(answer.renew_now ? "renew" : "seen"),
      confirmed: async () => void heard.push("confirmed"),
      refused: async () => false,
    },
    clock,
    log,
    intervalMs: INTERVAL_MS,
    collect: async () => testHeartbeat(),
    sockets: { prepareSockets: async () => undefined, arrived: () => {}, failed: () => {} },
    onWantFull: () => void heard.push("want full"),
    onInventoryPace: (secs: number | undefined) => void heard.push(`inventories every ${secs} s`),
    dice: () => 0.5,
  } as unknown as HeartbeatOptions;
  const stop = new AbortController();
  const loop = new HeartbeatLoop(options);
  const done = loop.run(stop.signal);
  while (loop.sent + loop.failures < beats) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
  }
  stop.abort();
  await done;
  return { loop, logged, heard };
}

describe("without a stream", () => {
  test("an answer that is lost once costs one attempt: all is delivered, and no heartbeat fails behind it", async () => {
    await using lanes = await openLanes(newDir());
    await fill(lanes);
    const answers = new Answers();
    answers.loseNext = true;
    const { loop } = await live(lanes, answers);
    expect(answers.loseNext).toBe(false);
    expect(loop.failures).toBe(1);
    expect(lanes.live("bulk").ackedSeq).toBe(EVENTS);
    expect(answers.stored).toBe(EVENTS);
  });

  test("what a life before had sent is taken as had, where its cursor was not written any more", async () => {
    const dir = newDir();
    const copy = newDir();
    const answers = new Answers();
    {
      await using lanes = await openLanes(dir);
      await fill(lanes);
      // Killed before the acknowledgement that follows was written.
      await cp(dir, copy, { recursive: true });
      await live(lanes, answers, 1);
      expect(answers.durable).toBeGreaterThan(100);
    }
    await using lanes = await openLanes(copy);
    const { loop } = await live(lanes, answers);
    expect(loop.failures).toBe(0);
    expect(lanes.live("bulk").ackedSeq).toBe(EVENTS);
  });

  test("a sequence that goes on from elsewhere says so with each batch, by a heartbeat and by post", async () => {
    await using lanes = await openLanes(newDir());
    await fill(lanes);
    const spool = lanes.live("bulk");
    spool.ack(SEGMENT);
    await lanes.rekey(spool, SEGMENT);
    const answers = new Answers();
    answers.durable = SEGMENT;
    const { loop } = await live(lanes, answers);
    expect(loop.failures).toBe(0);
    expect(lanes.live("bulk").ackedSeq).toBe(EVENTS);
    expect([...answers.bases]).toEqual([SEGMENT]);
  });

  test("segments that go while it runs are told as damage, whichever they are, and everything else is delivered", async () => {
    const dir = newDir();
    await using lanes = await openLanes(dir);
    await fill(lanes);
    const segments = (await readdir(join(dir, "bulk-00000001"))).filter((name) => name.endsWith(".seg")).toSorted();
    expect(segments.map((name) => Number.parseInt(name, 10))).toEqual([1, 3_001, 6_001, 9_001]);
    // Memory has the newest of them.
    for (const name of [segments[0]!, segments[3]!]) await rm(join(dir, "bulk-00000001", name));
    const answers = new Answers();
    const { loop } = await live(lanes, answers);
    expect(loop.failures).toBe(0);
    expect(answers.durable).toBe(EVENTS);
    expect(answers.missing).toEqual([{ from_seq: 1, to_seq: SEGMENT, cause: "spool_corrupt" }]);
    expect(lanes.live("bulk").ackedSeq).toBe(EVENTS);
  });

  test("an acknowledgement of more than was ever sent deletes nothing and is told of; the rest of the answer counts", async () => {
    await using lanes = await openLanes(newDir());
    await fill(lanes);
    const answers = new Answers();
    answers.tooMuch = 1;
    answers.says = { renew_now: true, want_full: true, inventory_interval_secs: 77, heartbeat_interval_ms: 20_000 };
    const { loop, logged, heard } = await live(lanes, answers, 6);
    expect(lanes.live("bulk").ackedSeq).toBe(0);
    // The last one may have been stopped before it was counted.
    expect(loop.failures).toBeGreaterThanOrEqual(loop.sent - 1);
    expect(logged.join("")).toContain("the Console acknowledged event 101, but only 100 were sent");
    for (const said of ["renew", "confirmed", "want full", "inventories every 77 s"]) expect(heard).toContain(said);
  });
});
