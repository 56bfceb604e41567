import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SensorDetail, SensorInventory, SensorResources } from "../../src/core/api/sensors.ts";
import type { EventsResponse } from "../../src/core/wire/events.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import { EPOCH, testBatch, testEvent, testHeartbeat, testProcess } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const count = async (sensorId: string, table = "runtime_events"): Promise<number> => {
  const sql = `SELECT count() AS n FROM ${table} WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}`;
  const [row] = await console.stores.events.select<{ n: number }>(console.me.tenant_id, sql, { sensor_id: sensorId });
  return Number(row!.n);
};

const code = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;

describe("events by request", () => {
  test("are durable when they are acknowledged, once however often they come", async () => {
    const sensor = await console.enroll("events-1");
    const batch = testBatch(1, 100);
    const first = (await (await sensor.send("/api/v1/sensors/events", batch)).json()) as EventsResponse;
    expect(first).toEqual({ ack: { epoch: EPOCH, seq: 100 }, rejected: [] });
    expect(await count(sensor.sensorId)).toBe(100);
    expect(await (await sensor.send("/sensors/events", batch)).json()).toEqual(first);
    const overlap = (await (await sensor.send("/sensors/events", testBatch(90, 120))).json()) as EventsResponse;
    expect(overlap.ack.seq).toBe(120);
    expect(await count(sensor.sensorId)).toBe(120);
  });

  test("keep their times, to the microsecond", async () => {
    const sensor = await console.enroll("times-1");
    const observed_at_us = Date.now() * 1000 - 123_457;
    await sensor.send("/sensors/events", { ...testBatch(1, 1), events: [testEvent(1, { observed_at_us })] });
    const [row] = await console.stores.events.select<{ us: number }>(
      console.me.tenant_id,
      "SELECT toUnixTimestamp64Micro(observed_at) AS us FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID}",
      { id: sensor.sensorId },
    );
    expect(Number(row!.us)).toBe(observed_at_us);
  });

  test("are not stored twice after a restart that lost the cursor", async () => {
    const sensor = await console.enroll("restart-1");
    await sensor.send("/sensors/events", testBatch(1, 50));
    const second = await TestConsole.start(console.stores, {}, console.dir);
    try {
      await console.stores.db.system((tx) => tx`DELETE FROM sensor_cursors WHERE sensor_id = ${sensor.sensorId}`);
      const answer = await sensor.at(second).send("/sensors/events", testBatch(1, 60));
      expect(((await answer.json()) as EventsResponse).ack.seq).toBe(60);
      expect(await count(sensor.sensorId)).toBe(60);
    } finally {
      await second.stop();
    }
  });

  test("that do not fit are named one by one; the others are kept, and the loss is in the ledger", async () => {
    const sensor = await console.enroll("bad-1");
    const events: unknown[] = [
      testEvent(1),
      { ...testEvent(2), severity: "apocalyptic" },
      { ...testEvent(3), process: { ...testEvent(3).process, pid: -1 } },
      { ...testEvent(4), observed_at_us: (Date.now() - 91 * 86_400_000) * 1000 },
      { ...testEvent(5), tenant_id: "0193c1de-0000-7000-8000-000000000001" },
      testEvent(6),
    ];
    const batch = {
      epoch: EPOCH,
      first_seq: 1,
      last_seq: 8,
      missing: [{ from_seq: 7, to_seq: 7, cause: "spool_overflow" }],
      events,
    };
    const answer = (await (await sensor.send("/sensors/events", batch)).json()) as EventsResponse;
    expect(answer.ack.seq).toBe(8);
    expect(answer.rejected.map((r) => [r.seq, r.pointer])).toEqual([
      [2, "/severity"],
      [3, "/process/pid"],
      [4, "/observed_at_us"],
      [5, "/tenant_id"],
    ]);
    expect(await count(sensor.sensorId)).toBe(2);
    const losses = await console.stores.events.select<{ stage: string; cause: string; count: number }>(
      console.me.tenant_id,
      "SELECT stage, cause, count FROM event_losses WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID} ORDER BY from_seq",
      { id: sensor.sensorId },
    );
    expect(losses.map((l) => [l.stage, l.cause, Number(l.count)])).toEqual([
      ["rejected", "schema", 2],
      ["rejected", "too_old", 1],
      ["rejected", "schema", 1],
      ["spool", "spool_overflow", 1],
      ["wire", "unexplained", 1],
    ]);
    await until(
      async () => (await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`)).events_rejected === 4,
    );
  });

  test("that hold what no column can are bent or refused, and disturb nobody", async () => {
    const sensor = await console.enroll("odd-1");
    const odd = { ...testEvent(2), message: "half \ud800 pair", detail: { key: "\udfff\0" }, raw: "\ud800" };
    const huge = { ...testEvent(3), process: { ...testEvent(3).process, ns: { net: 1e300 } } };
    const body = JSON.stringify({
      epoch: EPOCH,
      first_seq: 1,
      last_seq: 4,
      events: [testEvent(1), odd, huge, testEvent(4)],
    });
    const response = await sensor.post("/sensors/events", body, { "content-type": "application/json" });
    const answer = (await response.json()) as EventsResponse;
    expect(answer.rejected.map((r) => [r.seq, r.pointer])).toEqual([[3, "/process/ns/net"]]);
    expect(await count(sensor.sensorId)).toBe(3);
    const resources = {
      ...testHeartbeat().resources,
      load_1m: 1e300,
      network_rx_bytes: 1e300,
      sensor_rss_bytes: 1e300,
    };
    const pipeline = { ...testHeartbeat().pipeline, events_spooled: 1e300, kernel_lost: 1e300, lines_malformed: 1e300 };
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat({ resources, pipeline }))).status).toBe(200);
    await until(async () => (await count(sensor.sensorId, "sensor_resources")) === 1);
    expect((await console.api("GET", `/api/v1/sensors/${sensor.sensorId}`)).status).toBe(200);
  });

  test("too large are refused before they are read, bombs before they unfold", async () => {
    const sensor = await console.enroll("large-1");
    const headers = { "content-type": "application/msgpack" };
    const large = await sensor.post("/sensors/events", new Uint8Array(5 * 1024 * 1024), headers);
    expect([large.status, await code(large)]).toEqual([413, "too_large"]);
    const bomb = Uint8Array.from(Bun.zstdCompressSync(new Uint8Array(100 * 1024 * 1024)));
    const burst = await sensor.post("/sensors/events", bomb, { ...headers, "content-encoding": "zstd" });
    expect([burst.status, await code(burst)]).toEqual([413, "too_large"]);
    const strange = await sensor.post("/sensors/events", "x", { "content-type": "text/plain" });
    expect(strange.status).toBe(415);
    const deep = await sensor.post("/sensors/events", new Uint8Array(1000).fill(0x91), headers);
    expect([deep.status, await code(deep)]).toEqual([400, "invalid_request"]);
  });
});

describe("heartbeats", () => {
  test("make a sensor known, healthy and measured, and carry its events", async () => {
    const sensor = await console.enroll("beat-1");
    const first = await sensor.send("/sensors/heartbeat", testHeartbeat({ batch: testBatch(1, 5) }));
    expect(await first.json()).toMatchObject({
      ack: { epoch: EPOCH, seq: 5 },
      rejected: [],
      trust_health: "healthy",
      want_full: true,
    } satisfies Partial<HeartbeatResponse>);
    const connections = [
      { local_addr: "10.0.0.1", local_port: 1, remote_addr: "10.0.0.2", remote_port: 2, state: "ESTABLISHED" },
    ];
    const system = {
      hostname: "beat-1\0\ud800",
      os: "Debian 12",
      kernel: "6.12",
      arch: "x86_64",
      preempt_rt: false,
      btf: true,
      lsm: [],
      boot_id: "b",
      boot_at: "2026-01-01T00:00:00Z",
      ip_addresses: [],
    };
    const pipeline = { ...testHeartbeat().pipeline, events_spooled: 500, kernel_lost: 3, lines_malformed: 2 };
    await sensor.send("/sensors/heartbeat", testHeartbeat({ connections, system, pipeline }));
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`);
    expect(detail).toMatchObject({
      lifecycle_status: "healthy",
      health_state: "watch",
      trust_state: "trusted",
      runtime_mode: "live",
      kernel: "6.12",
      events_lost: 5,
    });
    expect(detail.health_reasons.map((r) => r.code)).toEqual(["event_loss"]);
    expect(detail.events_per_sec).toBeGreaterThan(0);
    const inventory = await console.json<SensorInventory>("GET", `/api/v1/sensors/${sensor.sensorId}/inventory`);
    expect(inventory.connections).toEqual(connections);
    const resources = await until(async () => {
      const answer = await console.json<SensorResources>(
        "GET",
        `/api/v1/sensors/${sensor.sensorId}/resources?since=15m`,
      );
      return answer.points.length > 0 ? answer : undefined;
    });
    expect(resources.points[0]).toMatchObject({ cpu_percent: 12.5, memory_percent: 40, disk_percent: 25 });
  });

  test("that do not fit are refused with a pointer and counted", async () => {
    const sensor = await console.enroll("beat-2");
    const heartbeat = testHeartbeat();
    const answer = await sensor.send("/sensors/heartbeat", {
      ...heartbeat,
      engine: { ...heartbeat.engine, state: "on fire" },
    });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { pointer: string } }).error.pointer).toStartWith("/engine/state");
    await until(async () => {
      const [row] = await console.stores.db.system(
        (tx) => tx<{ n: number }[]>`SELECT messages_malformed AS n FROM sensors WHERE sensor_id = ${sensor.sensorId}`,
      );
      return row!.n === 1;
    });
    const old = await sensor.send("/sensors/heartbeat", testHeartbeat({ protocol_version: 99 }));
    expect(old.status).toBe(426);
  });

  test("write inventory only where it differs", async () => {
    const sensor = await console.enroll("inventory-1");
    const processes = [testProcess()];
    const inventory = { is_full_snapshot: true, observed_at_us: Date.now() * 1000, processes };
    const first = await sensor.send("/sensors/inventory", inventory);
    expect(await first.json()).toEqual({ stored: ["processes", "connections", "listening", "flows"], unchanged: [] });
    const second = await sensor.send("/sensors/inventory", { ...inventory, is_full_snapshot: false });
    expect(await second.json()).toEqual({ stored: [], unchanged: ["processes"] });
    // The sections of a heartbeat go the same way, and leave the processes as they are.
    const listening = [{ protocol: "tcp" as const, addr: "0.0.0.0", port: 22 }];
    const flow = { protocol: "tcp" as const, direction: "outbound" as const, remote_addr: "1.1.1.1", remote_port: 53 };
    const flows = [{ ...flow, count: 2, bytes_sent: 3, bytes_received: 4 }];
    const sections = (outcome: string): number =>
      console.metrics.value("telovix_console_inventory_sections_total", { outcome });
    const [stored, unchanged] = [sections("stored"), sections("unchanged")];
    for (let time = 0; time < 2; time++)
      expect((await sensor.send("/sensors/heartbeat", testHeartbeat({ listening, flows }))).status).toBe(200);
    expect([sections("stored") - stored, sections("unchanged") - unchanged]).toEqual([2, 2]);
    const kept = await console.json<SensorInventory>("GET", `/api/v1/sensors/${sensor.sensorId}/inventory`);
    expect(kept).toMatchObject({ processes, listening, flows, connections: [] });
  });
});

describe("the stream", () => {
  test("welcomes with what the Console has, acknowledges what is durable, and makes the sensor healthy", async () => {
    const sensor = await console.enroll("stream-1");
    const stream = await sensor.stream();
    expect(await stream.hello()).toMatchObject({ ack: { epoch: EPOCH, seq: 0 } });
    stream.send({ type: "events", batch: testBatch(1, 10) });
    stream.send({ type: "events", batch: testBatch(11, 20) });
    const acks = [await stream.next("ack"), await stream.next("ack")] as { ack: { seq: number }; credit: number }[];
    expect(acks.at(-1)!.ack.seq).toBe(20);
    expect(acks.at(-1)!.credit).toBeGreaterThan(0);
    expect(await count(sensor.sensorId)).toBe(20);
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`);
    expect(detail).toMatchObject({ stream_connected: true, delivery: "stream", health_state: "healthy" });
    stream.socket.close();
    await until(
      async () => !(await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`)).stream_connected,
    );
  });

  test("of a sensor replaces the one before", async () => {
    const sensor = await console.enroll("stream-2");
    const first = await sensor.stream();
    await first.hello();
    const second = await sensor.stream();
    await second.hello();
    await until(() => first.closed !== undefined);
    expect(first.closed).toBe(1000);
    expect((await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`)).stream_connected).toBe(true);
    second.socket.close();
  });

  test("ends with words when a frame cannot be read", async () => {
    const sensor = await console.enroll("stream-3");
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "events", batch: { epoch: "nonsense" } });
    expect(await stream.next("error")).toMatchObject({ code: "invalid_request" });
    await until(() => stream.closed !== undefined);
    expect(stream.closed).toBe(1008);
  });
});
