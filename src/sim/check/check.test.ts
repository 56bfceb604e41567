import { describe, expect, test } from "bun:test";
import { lanesOf } from "../fleet/fleet.ts";
import { DEFAULT_BEHAVIOUR } from "../options.ts";
import { checkRun } from "./check.ts";
import type { LedgerEntry, StoredIsland, StoredLane } from "./store.ts";

const behaviour = { ...DEFAULT_BEHAVIOUR, n: 3, alertShare: 0.1 };
const RUN = 4;

/** What a Console would have stored of the fleet that lost nothing. */
function played(rogue?: string) {
  const stored: StoredLane[] = [];
  const islands: StoredIsland[] = [];
  const results = [0, 1, 2].map((index) => {
    const sensorId = `00000000-0000-7000-8000-00000000000${index}`;
    const lanes = lanesOf(behaviour, index, RUN, 0).map((lane) => {
      lane.generate(30_000);
      let crc = 0;
      for (let seq = 1; seq <= lane.generated; seq++) crc = (crc ^ Bun.hash.crc32(lane.message(seq))) >>> 0;
      const { name, epoch, generated } = lane;
      const at = { sensor_id: sensorId, epoch, first: 1, last: generated };
      stored.push({ ...at, rows: generated, numbers: generated, crc });
      islands.push(at);
      return { lane: name, epoch, generated, acked: generated, missing: 0 };
    });
    return { index, sensorId, lanes, up: true, ...(rogue !== undefined && index === 0 ? { rogue } : {}) };
  });
  return { stored, islands, results };
}

function judge(p: ReturnType<typeof played>, ledger: LedgerEntry[] = []) {
  const store = {
    lanes: () => Promise.resolve(p.stored),
    islands: (epochs: readonly string[]) => Promise.resolve(p.islands.filter((i) => epochs.includes(i.epoch))),
    ledger: () => Promise.resolve(ledger),
  };
  return checkRun({ behaviour, run: RUN, results: p.results, sinceMs: 0, store });
}

function change(p: ReturnType<typeof played>, by: Partial<StoredLane>): void {
  p.stored[0] = { ...p.stored[0]!, ...by };
}

/** Takes a number out of the store's first sequence. */
function takeOut(p: ReturnType<typeof played>, seq: number): void {
  const { rows, numbers, last } = p.stored[0]!;
  change(p, { rows: rows - 1, numbers: numbers - 1 });
  const whole = p.islands[0]!;
  p.islands.splice(0, 1, { ...whole, last: seq - 1 }, { ...whole, first: seq + 1, last });
}

/** The ledger's word on a number of the store's first sequence. */
const lost = (p: ReturnType<typeof played>, seq: number, to = seq): LedgerEntry => {
  const { sensor_id, epoch } = p.stored[0]!;
  const why = { stage: "spool", cause: "spool_full", numbered: true };
  return { sensor_id, epoch, ...why, count: to - seq + 1, from_seq: seq, to_seq: to };
};

describe("the comparison of what was made with what is stored", () => {
  test("holds when all is stored, and compares contents", async () => {
    const verdict = await judge(played());
    expect(verdict).toMatchObject({ ok: true, ledger: 0, doubled: 0, contents_compared: 6, mismatches: [] });
    expect(verdict.stored).toBe(verdict.generated);
  });

  test("shouts at one missing event, unless the ledger has it", async () => {
    const p = played();
    takeOut(p, 7);
    const what = "bulk: 1 are neither stored nor in the ledger: 7";
    expect((await judge(p)).mismatches).toMatchObject([{ index: 0, what }]);
    expect(await judge(p, [lost(p, 7)])).toMatchObject({
      ok: true,
      ledger: 1,
      ledger_by_cause: { "spool/spool_full": 1 },
    });
  });

  test("shouts when the ledger has another event than the one that is missing, though the sums agree", async () => {
    const p = played();
    takeOut(p, 7);
    const verdict = await judge(p, [lost(p, 9)]);
    expect(verdict.stored + verdict.ledger).toBe(verdict.generated);
    expect(verdict.ok).toBe(false);
    expect(verdict.mismatches[0]!.what).toBe(
      "bulk: 1 are neither stored nor in the ledger: 7; bulk: 1 are both stored and in the ledger: 9",
    );
  });

  test("shouts at a loss that is none, told twice, miscounted, without a number, or of what never was", async () => {
    const p = played();
    const { last } = p.stored[0]!;
    const what = async (...ledger: LedgerEntry[]) => (await judge(p, ledger)).mismatches.map((m) => m.what);
    expect(await what(lost(p, 3, 4))).toEqual(["bulk: 2 are both stored and in the ledger: 3–4"]);
    expect(await what(lost(p, last + 1))).toEqual(["bulk: 1 were never given out"]);
    expect(await what({ ...lost(p, 1), epoch: "", numbered: false })).toEqual([
      "spool/spool_full: 1 are in the ledger without a number",
    ]);
    takeOut(p, 7);
    expect(await what(lost(p, 7), { ...lost(p, 7), cause: "quota" })).toEqual(["bulk: 1 are in the ledger twice: 7"]);
    expect(await what({ ...lost(p, 7), count: 2 })).toEqual([
      "bulk: spool/spool_full: the ledger counts 2 from 7 to 7",
    ]);
  });

  test("shouts at numbers that nobody gave out, in place of some that are missing", async () => {
    const p = played();
    const { last } = p.stored[0]!;
    change(p, { last: last + 3 });
    p.islands.splice(0, 1, { ...p.islands[0]!, last: last - 1 }, { ...p.islands[0]!, first: last + 3, last: last + 3 });
    expect((await judge(p)).mismatches[0]!.what).toBe(
      `bulk: 1 are neither stored nor in the ledger: ${last}; bulk: 1 were never given out`,
    );
  });

  test("lets losses of other runs' sequences be", async () => {
    const p = played();
    const ledger = [{ ...lost(p, 1, 9), epoch: "00000000000000ff" }];
    expect(await judge(p, ledger)).toMatchObject({ ok: true, ledger: 0 });
  });

  test("shouts at a sensor that was never up, which made nothing", async () => {
    const p = played();
    const lanes = p.results[1]!.lanes.map((lane) => ({ ...lane, generated: 0, acked: 0 }));
    p.results[1] = { ...p.results[1]!, lanes, up: false };
    p.stored.splice(2, 2);
    expect((await judge(p)).mismatches).toMatchObject([{ index: 1, generated: 0, what: "it was never up" }]);
  });

  test("shouts at an event stored twice", async () => {
    const p = played();
    change(p, { rows: p.stored[0]!.rows + 1 });
    expect((await judge(p)).mismatches).toMatchObject([{ doubled: 1, what: "1 are stored twice" }]);
  });

  test("shouts at an event that was changed on its way", async () => {
    const p = played();
    change(p, { crc: p.stored[0]!.crc ^ 1 });
    expect((await judge(p)).mismatches).toMatchObject([{ what: "what is stored of bulk is not what was sent" }]);
  });

  test("judges a flood like everybody, and only tells of sensors that lie", async () => {
    for (const [rogue, ok] of [
      ["flood", false],
      ["sequence", true],
    ] as const) {
      const p = played(rogue);
      takeOut(p, 7);
      const verdict = await judge(p);
      expect(verdict.ok).toBe(ok);
      expect(verdict.liars.length).toBe(ok ? 1 : 0);
    }
  });
});
