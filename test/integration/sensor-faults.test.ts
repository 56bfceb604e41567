import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { EventDb } from "../../src/console/stores/contract.ts";
import type { RuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { AppError } from "../../src/core/error.ts";
import type { EventsResponse } from "../../src/core/wire/events.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

/** The real event store with faults that can be planted. */
class FaultyEvents implements EventDb {
  down = false;
  /** Inserts happen, but their answer is lost. */
  deaf = false;
  /** Rows the store says it cannot take. */
  refuses: (row: RuntimeEventRow) => boolean = () => false;
  readonly #real: EventDb;

  constructor(real: EventDb) {
    this.#real = real;
  }

  select: EventDb["select"] = (...args) => (this.down ? Promise.reject(this.#gone()) : this.#real.select(...args));
  selectSystem: EventDb["selectSystem"] = (...args) => this.#real.selectSystem(...args);
  ping: EventDb["ping"] = () => (this.down || this.deaf ? Promise.reject(this.#gone()) : this.#real.ping());

  insert: EventDb["insert"] = async (table, rows) => {
    if (this.down) throw this.#gone();
    await this.#real.insert(table, rows);
  };

  insertEvents: EventDb["insertEvents"] = async (parts) => {
    if (this.down) throw this.#gone();
    if (parts.some((part) => part.rows().some(this.refuses))) throw new AppError("invalid_request", "rows do not fit");
    await this.#real.insertEvents(parts);
    if (this.deaf) throw this.#gone();
  };

  #gone(): AppError {
    return new AppError("unavailable", "the event database does not answer", { retryAfterSecs: 2 });
  }
}

let stores: TestStores;
let events: FaultyEvents;
let console: TestConsole;

beforeAll(async () => {
  stores = await testStores();
  events = new FaultyEvents(stores.events);
  console = await (await TestConsole.start({ db: stores.db, events })).setUp();
}, 60_000);

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await stores.dispose();
});

const seqs = async (sensorId: string): Promise<number[]> => {
  const sql =
    "SELECT seq FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID} ORDER BY seq";
  return (await stores.events.select<{ seq: number }>(console.me.tenant_id, sql, { id: sensorId })).map((r) =>
    Number(r.seq),
  );
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("while the event store is down", () => {
  test("sensors stay green and keep their events; they flow again by themselves", async () => {
    const sensor = await console.enroll("down-1");
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "events", batch: testBatch(1, 10) });
    await stream.next("ack");
    events.down = true;
    stream.send({ type: "events", batch: testBatch(11, 20) });
    expect(await stream.next("ack")).toMatchObject({ ack: { seq: 10 }, credit: 0 });

    const other = await console.enroll("down-2");
    const refused = await other.send("/sensors/events", testBatch(1, 10));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    const beat = await other.send("/sensors/heartbeat", testHeartbeat({ batch: testBatch(1, 10) }));
    expect(beat.status).toBe(200);
    expect(((await beat.json()) as HeartbeatResponse).ack).toBeUndefined();
    // What was seen a moment ago is told for a second.
    await until(async () => (await console.api("GET", "/readyz")).status === 503);

    const waiting = await other.stream();
    const welcome = await waiting.hello();
    expect([welcome.ack.seq, welcome.credit]).toEqual([0, 0]);
    events.down = false;
    const granted = (await waiting.next("ack")) as { ack: { seq: number }; credit: number };
    expect(granted.ack.seq).toBe(0);
    expect(granted.credit).toBeGreaterThan(0);
    waiting.send({ type: "events", batch: testBatch(1, 10) });
    expect(await waiting.next("ack")).toMatchObject({ ack: { epoch: EPOCH, seq: 10 } });
    // What was on its way needs no second delivery.
    let kept = await stream.next("ack");
    while ((kept as { ack: { seq: number } }).ack.seq < 20) kept = await stream.next("ack");
    expect(stream.closed).toBeUndefined();
    expect(await seqs(sensor.sensorId)).toEqual(range(1, 20));
    expect(await seqs(other.sensorId)).toEqual(range(1, 10));
    stream.socket.close();
    waiting.socket.close();
  });

  test("an insert that happened though it seemed to fail is not repeated", async () => {
    const sensor = await console.enroll("deaf-1");
    events.deaf = true;
    expect((await sensor.send("/sensors/events", testBatch(1, 30))).status).toBe(503);
    events.deaf = false;
    const answer = await until(async () => {
      const response = await sensor.send("/sensors/events", testBatch(1, 40));
      return response.ok ? response : undefined;
    });
    expect(((await answer.json()) as EventsResponse).ack.seq).toBe(40);
    expect(await seqs(sensor.sensorId)).toEqual(range(1, 40));
  });
});

test("a row the store itself refuses costs itself only", async () => {
  const [bad, good] = [await console.enroll("poison-1"), await console.enroll("poison-2")];
  events.refuses = (row) => row.sensor_id === bad.sensorId && row.seq === 7;
  const [first, second] = await Promise.all([
    bad.send("/sensors/events", testBatch(1, 20)),
    good.send("/sensors/events", testBatch(1, 20)),
  ]);
  expect(await second.json()).toEqual({ ack: { epoch: EPOCH, seq: 20 }, rejected: [] });
  const answer = (await first.json()) as EventsResponse;
  expect([answer.ack.seq, answer.rejected.map((r) => r.seq)]).toEqual([20, [7]]);
  expect(await seqs(bad.sensorId)).toEqual(range(1, 20).filter((n) => n !== 7));
  events.refuses = () => false;
});

test("a sensor that sends beyond its credit is put off, and nothing of it is lost or mixed", async () => {
  const sensor = await console.enroll("flood-1");
  const stream = await sensor.stream();
  await stream.hello();
  for (let i = 0; i < 30; i++) stream.send({ type: "events", batch: testBatch(i * 1000 + 1, (i + 1) * 1000) });
  await until(() => stream.closed !== undefined);
  expect(stream.closed).toBe(1013);
  const again = await sensor.stream();
  const { seq } = (await again.hello()).ack;
  const stored = await until(async () => {
    const found = await seqs(sensor.sensorId);
    return found.length >= seq ? found : undefined;
  });
  expect(stored).toEqual(range(1, stored.length));
  again.socket.close();
});
