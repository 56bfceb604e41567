import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorPeer } from "../../src/console/http/env.ts";
import { AppError } from "../../src/core/error.ts";
import { TestIngest, testPeers } from "../harness/ingest.ts";
import { EPOCH, testBatch, testEvent } from "../harness/sensor-messages.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { until } from "../harness/until.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

const BATCH = 2_000;
/** So that a flood of small batches is one: the defaults, a fifth of them. */
const COMMIT = { maxInserts: 1, maxPendingRows: 32_000, maxGroupRows: 5_000 };
const SHARE_OF_BULK = (32_000 * 0.9) / 2;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));

/** The numbers of a batch, each an event of its kind. */
const batchOf = (from: number, of: (seq: number) => unknown) => ({
  epoch: EPOCH,
  first_seq: from,
  last_seq: from + BATCH - 1,
  events: Array.from({ length: BATCH }, (_, i) => of(from + i)),
});
/** No two in a row are refused for the same reason. */
const refused = (seq: number): unknown =>
  seq % 2 ? { seq } : testEvent(seq, { observed_at_us: Date.UTC(2024, 5) * 1_000 });
const halfRefused = (seq: number): unknown => (seq % 2 ? { seq } : testEvent(seq));

/** What comes to the store, in its order: whose events, or how many rows of the ledger. */
function watch(home: TestIngest) {
  const steps: (ReadonlySet<string> | number)[] = [];
  const { events } = home;
  const { insert, insertEvents } = events;
  events.insert = (table, rows) => {
    if (table === "event_losses") steps.push(rows.length);
    return insert(table, rows);
  };
  events.insertEvents = (parts) => {
    steps.push(new Set(parts.flatMap((part) => part.rows().map((row) => row.sensor_id))));
    return insertEvents(parts);
  };
  return steps;
}

async function flood(home: TestIngest, rogue: SensorPeer, of: (seq: number) => unknown) {
  const gate = Promise.withResolvers<void>();
  home.events.gate = gate.promise;
  const answers: Promise<string>[] = [];
  for (let i = 0; i < 40; i++) {
    answers.push(home.ingest.accept(rogue, batchOf(1 + i * BATCH, of)).then(() => "ok", codeOf));
    await turn();
  }
  await until(() => home.events.inserts.length > 0);
  return { open: gate.resolve, answers };
}

const pending = (home: TestIngest): number[] => {
  home.metrics.render();
  return ["rows", "bytes"].map((what) => home.metrics.value(`telovix_console_ingest_pending_${what}`) ?? NaN);
};

describe("one sensor's flood", () => {
  test("of refused events counts as under way, ends at its share, and costs another its turn only", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    const [rogue, other] = await testPeers(stores, 2);
    await home.ingest.cursor(rogue!, EPOCH, 1);
    await home.ingest.cursor(other!, EPOCH, 1);
    const steps = watch(home);
    const { open, answers } = await flood(home, rogue!, refused);
    const [rows, bytes] = pending(home);
    expect(rows).toBeGreaterThanOrEqual(BATCH);
    expect(rows).toBeLessThanOrEqual(SHARE_OF_BULK);
    expect(bytes).toBeGreaterThan(100 * rows!);
    expect(home.ingest.creditFor(other!.sensorId, "bulk")).toBeGreaterThan(0);
    const answer = home.ingest.accept(other!, testBatch(1, 10));
    await turn();
    open();
    expect((await answer).ack.seq).toBe(10);
    // With the next insert, and what came to the ledger until then is a row or two for each batch.
    const inserts = steps.filter((step) => typeof step !== "number");
    expect(inserts.findIndex((sensors) => sensors.has(other!.sensorId))).toBe(1);
    expect(steps.reduce<number>((sum, step) => sum + (typeof step === "number" ? step : 0), 0)).toBeLessThanOrEqual(10);
    const codes = await Promise.all(answers);
    expect(new Set(codes)).toEqual(new Set(["ok", "rate_limited"]));
    expect(codes.filter((code) => code === "ok").length * BATCH).toBeLessThanOrEqual(SHARE_OF_BULK);
    expect(pending(home)).toEqual([0, 0]);
    const ledger = await stores.events.select<{ rows: number; lost: number }>(
      rogue!.tenantId,
      "SELECT count() AS rows, sum(count) AS lost FROM event_losses FINAL WHERE tenant_id = {tenant_id:UUID} AND cause = 'mixed'",
    );
    const taken = codes.filter((code) => code === "ok").length;
    expect(ledger.map((row) => [Number(row.rows), Number(row.lost)])).toEqual([[taken, taken * BATCH]]);
  }, 60_000);

  test("of events every second of which is refused writes no more rows to the ledger than events, a slice at a time", async () => {
    await using home = new TestIngest(stores, { commit: { ...COMMIT, maxPendingRows: 160_000, maxGroupRows: 60_000 } });
    const [rogue] = await testPeers(stores, 1);
    await home.ingest.cursor(rogue!, EPOCH, 1);
    const steps = watch(home);
    const { open, answers } = await flood(home, rogue!, halfRefused);
    // An event, a row of the ledger and a refusal for every two numbers.
    expect(pending(home)[0]! % (BATCH * 1.5)).toBe(0);
    open();
    const codes = await Promise.all(answers);
    const taken = codes.filter((code) => code === "ok").length;
    const slices = steps.filter((step) => typeof step === "number");
    expect(slices.reduce((sum, rows) => sum + rows, 0)).toBe((taken * BATCH) / 2);
    expect(Math.max(...slices)).toBeLessThanOrEqual(10_000);
    expect(pending(home)).toEqual([0, 0]);
  }, 60_000);

  test("of large events fills its share of the memory, and another's are taken", async () => {
    await using home = new TestIngest(stores, { commit: { maxPendingBytes: 32 * 1024 * 1024 } });
    const [rogue, other] = await testPeers(stores, 2);
    await home.ingest.cursor(rogue!, EPOCH, 1);
    await home.ingest.cursor(other!, EPOCH, 1);
    const raw = "x".repeat(16_000);
    const large = (from: number, to: number) => {
      const { events, ...batch } = testBatch(from, to);
      return { ...batch, events: events.map((event) => ({ ...event, raw })) };
    };
    const gate = Promise.withResolvers<void>();
    home.events.gate = gate.promise;
    const answers: Promise<string>[] = [];
    for (let from = 1; from < 2_000; from += 20)
      answers.push(home.ingest.accept(rogue!, large(from, from + 19)).then(() => "ok", codeOf));
    await turn();
    expect(pending(home)[1]).toBeLessThanOrEqual((32 * 1024 * 1024 * 0.9) / 2);
    for (const lane of ["alert", "bulk", "backlog"] as const)
      expect(home.ingest.creditFor(other!.sensorId, lane)).toBeGreaterThan(0);
    const answer = home.ingest.accept(other!, testBatch(1, 10));
    gate.resolve();
    expect((await answer).ack.seq).toBe(10);
    // Refused for its size; those behind it because they leave it out.
    expect([...new Set(await Promise.all(answers))]).toEqual(["ok", "rate_limited", "unavailable"]);
    expect(pending(home)).toEqual([0, 0]);
  }, 60_000);

  test("of a sequence that is still looked up counts as under way, and ends at its share", async () => {
    await using home = new TestIngest(stores, { commit: COMMIT });
    const [rogue, other] = await testPeers(stores, 2);
    const gate = Promise.withResolvers<void>();
    const select = home.events.selectSystem;
    home.events.selectSystem = async (...args) => {
      await gate.promise;
      return select(...args);
    };
    const answers = Array.from({ length: 40 }, (_, i) =>
      home.ingest
        .accept(
          rogue!,
          batchOf(1 + i * BATCH, (seq) => testEvent(seq)),
        )
        .then(() => "ok", codeOf),
    );
    const [rows, bytes] = pending(home);
    expect(rows).toBeGreaterThanOrEqual(BATCH);
    expect(rows).toBeLessThanOrEqual(SHARE_OF_BULK);
    expect(bytes).toBeGreaterThan(100 * rows!);
    expect(home.ingest.creditFor(other!.sensorId, "bulk")).toBeGreaterThan(0);
    gate.resolve();
    const codes = await Promise.all(answers);
    expect(codes.filter((code) => code === "ok")).toHaveLength(rows! / BATCH);
    expect(codes.filter((code) => code === "rate_limited")).toHaveLength(40 - rows! / BATCH);
    await until(() => pending(home)[0] === 0);
  });
});

test("a cause that is no sound text costs nobody an insert", async () => {
  await using home = new TestIngest(stores);
  const [peer] = await testPeers(stores, 1);
  const missing = [{ from_seq: 2, to_seq: 2, cause: "a\ud800b" }];
  const batch = { epoch: EPOCH, first_seq: 1, last_seq: 2, events: [testEvent(1)], missing };
  expect((await home.ingest.accept(peer!, batch)).ack.seq).toBe(2);
});
