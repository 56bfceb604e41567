import { describe, expect, test } from "bun:test";
import { lanesOf } from "../fleet/fleet.ts";
import { DEFAULT_BEHAVIOUR } from "../options.ts";
import { checkRun } from "./check.ts";
import type { LedgerEntry, StoredLane } from "./store.ts";

const behaviour = { ...DEFAULT_BEHAVIOUR, n: 3, alertShare: 0.1 };
const RUN = 4;

/** What a Console would have stored of the fleet that lost nothing. */
function played(rogue?: string) {
  const stored: StoredLane[] = [];
  const results = [0, 1, 2].map((index) => {
    const sensorId = `00000000-0000-7000-8000-00000000000${index}`;
    const lanes = lanesOf(behaviour, index, RUN, 0).map((lane) => {
      lane.generate(30_000);
      let crc = 0;
      for (let seq = 1; seq <= lane.generated; seq++) crc = (crc ^ Bun.hash.crc32(lane.message(seq))) >>> 0;
      const { name, epoch, generated } = lane;
      stored.push({ sensor_id: sensorId, epoch, rows: generated, numbers: generated, crc });
      return { lane: name, epoch, generated, acked: generated, missing: 0 };
    });
    return { index, sensorId, lanes, ...(rogue !== undefined && index === 0 ? { rogue } : {}) };
  });
  return { stored, results };
}

function judge(p: ReturnType<typeof played>, ledger: LedgerEntry[] = []) {
  const store = { lanes: () => Promise.resolve(p.stored), ledger: () => Promise.resolve(ledger) };
  return checkRun({ behaviour, run: RUN, results: p.results, sinceMs: 0, store });
}

function change(p: ReturnType<typeof played>, by: Partial<StoredLane>): void {
  p.stored[0] = { ...p.stored[0]!, ...by };
}

describe("the comparison of what was made with what is stored", () => {
  test("holds when all is stored, and compares contents", async () => {
    const verdict = await judge(played());
    expect(verdict).toMatchObject({ ok: true, ledger: 0, doubled: 0, contents_compared: 6, mismatches: [] });
    expect(verdict.stored).toBe(verdict.generated);
  });

  test("shouts at one missing event, unless the ledger has it", async () => {
    const p = played();
    const { rows, numbers, sensor_id, epoch } = p.stored[0]!;
    change(p, { rows: rows - 1, numbers: numbers - 1 });
    expect((await judge(p)).mismatches).toMatchObject([{ index: 0, what: "1 are neither stored nor in the ledger" }]);
    const ledger = [{ sensor_id, epoch, stage: "sensor", cause: "spool_full", count: 1 }];
    expect(await judge(p, ledger)).toMatchObject({ ok: true, ledger: 1, ledger_by_cause: { "sensor/spool_full": 1 } });
  });

  test("shouts at a loss that is none", async () => {
    const p = played();
    const ledger = [{ sensor_id: p.stored[0]!.sensor_id, epoch: "", stage: "uplink", cause: "skipped", count: 2 }];
    expect((await judge(p, ledger)).mismatches).toMatchObject([
      { what: "2 more are stored or in the ledger than were made" },
    ]);
  });

  test("lets losses of other runs' sequences be", async () => {
    const p = played();
    const ledger = [
      { sensor_id: p.stored[0]!.sensor_id, epoch: "00000000000000ff", stage: "sensor", cause: "lost", count: 9 },
    ];
    expect(await judge(p, ledger)).toMatchObject({ ok: true, ledger: 0 });
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
      change(p, { rows: 1, numbers: 1 });
      const verdict = await judge(p);
      expect(verdict.ok).toBe(ok);
      expect(verdict.liars.length).toBe(ok ? 1 : 0);
    }
  });
});
