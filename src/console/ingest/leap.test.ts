import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { gapsOf } from "../losses/gaps.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { Lanes } from "./lanes.ts";
import { leapOf } from "./leap.ts";
import type { HandedOver } from "./take-batch.ts";

const PEER = { sensorId: "0192f3a0-1111-7000-8000-000000000001", tenantId: "t", nodeName: "n", serial: "1" };
const EPOCH = "00000000000000aa";

/** What becomes of a frame: refused before anything is known of its lane, or once its rows are made, or taken. */
type Fate = "early" | "late" | "taken";

/** A Console's side of one sequence. Cursors are saved at once; nothing is under way for long. */
class Side {
  saved = 0;
  nowMs = 0;
  readonly stored: number[] = [];
  readonly lost: { cause: string; fromSeq: number; toSeq: number }[] = [];
  readonly #lanes: Lanes;

  constructor() {
    const db = { system: (run: (tx: unknown) => unknown) => run(() => Promise.resolve([{ seq: this.saved }])) };
    const events = { selectSystem: () => Promise.resolve([]) };
    this.#lanes = new Lanes({ db: db as unknown as Db, events: events as unknown as EventDb });
  }

  /** As ingest does: true when the frame was taken. */
  async offer(first: number, last: number, fate: Fate = "taken", handed?: HandedOver): Promise<boolean> {
    const { sensorId } = PEER;
    this.#lanes.offered(sensorId, EPOCH, first);
    if (fate === "early") return false;
    const lane = this.#lanes.find(sensorId, EPOCH) ?? (await this.#lanes.get(PEER, EPOCH));
    if (leapOf(lane, first, handed, this.nowMs) || fate === "late") return false;
    const taken = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const { queuedSeq: cursor } = lane;
    const base = handed?.base ?? 0;
    this.lost.push(...gapsOf({ first, last, cursor, base, present: undefined, taken, rejected: [], missing: [] }));
    this.stored.push(...taken.filter((seq) => seq > cursor));
    lane.queuedSeq = lane.durableSeq = this.saved = Math.max(cursor, last);
    return true;
  }
}

describe("numbers left out at the beginning of a sequence", () => {
  test("are asked for as anywhere else, and skipped once the sensor insists: none is nowhere", async () => {
    const side = new Side();
    expect(await side.offer(5_001, 5_010)).toBe(false);
    expect(await side.offer(5_001, 5_010)).toBe(false);
    side.nowMs = 2_000;
    expect(await side.offer(5_001, 5_010)).toBe(true);
    expect(side.lost).toMatchObject([{ cause: "skipped", fromSeq: 1, toSeq: 5_000 }]);
  });

  test("are taken at once, and skipped, up to where the sensor was acknowledged: it has no more of them", async () => {
    const side = new Side();
    expect(await side.offer(5_002, 5_010, "taken", { acked: 5_000, base: 0 })).toBe(false);
    expect(await side.offer(5_001, 5_010, "taken", { acked: 5_000, base: 2_000 })).toBe(true);
    expect(side.lost).toMatchObject([{ cause: "skipped", fromSeq: 2_001, toSeq: 5_000 }]);
  });

  test("are nobody's business up to where they were acknowledged elsewhere", async () => {
    const side = new Side();
    const handed = { acked: 5_000, base: 5_000 };
    expect(await side.offer(5_002, 5_010, "taken", handed)).toBe(false);
    expect(await side.offer(5_001, 5_010, "taken", handed)).toBe(true);
    expect(await side.offer(5_011, 5_020, "taken", handed)).toBe(true);
    expect(side.lost).toEqual([]);
  });

  test("that was acknowledged does not count where the Console has a part: another process may have the rest", async () => {
    const side = new Side();
    await side.offer(1, 10);
    expect(await side.offer(21, 30, "taken", { acked: 20, base: 0 })).toBe(false);
  });

  test("a leap beyond all measure is nonsense there too", async () => {
    const side = new Side();
    const far = 2 ** 52;
    const said = (handed?: HandedOver) => side.offer(far, far, "taken", handed);
    expect(await said()).toBe(false);
    side.nowMs = 5_000;
    expect(await said()).toBe(false);
    expect(await said({ acked: far, base: 0 })).toBe(false);
  });
});

test("a sensor that has everything loses nothing, whichever frames are refused and whenever it comes back", async () => {
  const fate = fc.constantFrom<Fate>("early", "late", "taken");
  // Each session sends all it has, whatever becomes of the first of it: that was on its way already.
  const session = fc.record({
    afterMs: fc.constantFrom(0, 500, 1_500, 60_000),
    fates: fc.array(fate, { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(session, { maxLength: 12 }), fc.integer({ min: 1, max: 7 }), async (sessions, size) => {
      const side = new Side();
      for (const { afterMs, fates } of sessions) {
        side.nowMs += afterMs;
        let first = side.saved + 1;
        for (const each of fates) {
          await side.offer(first, first + size - 1, each);
          first += size;
        }
      }
      expect(side.lost).toEqual([]);
      expect(side.stored).toEqual(Array.from({ length: side.saved }, (_, i) => i + 1));
    }),
    { numRuns: 500 },
  );
});
