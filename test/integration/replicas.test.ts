import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { LiveView, signIn } from "../harness/live-view.ts";
import { Program } from "../harness/program.ts";
import { hasRedis, TestRedis } from "../harness/redis.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { ADMIN, TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Only against hanging: what is waited for is said in each test.
setDefaultTimeout(240_000);
/** Whoever was not told finds out by itself: a live view after 15 s, a stream after 30 s. What takes less than this was told. */
const TOLD_MS = 8_000;
/** Silence that one replica believes there was; of the 16 s that count as an end the others, who say something each 5 s, are left that. */
const BELIEVED_MS = 10_000;

/** A replica that is a process of its own, to be killed. */
async function replicaProcess(
  { postgres, clickhouse }: TestStores,
  dir: string,
  redis: TestRedis,
): Promise<AsyncDisposable & { readonly program: Program; readonly port: number }> {
  if ("url" in postgres) throw new Error("the test server has a socket");
  const at = (path: string): string => JSON.stringify(join(import.meta.dir, "../../src", path));
  const code = `
    import { startConsole } from ${at("console/app.ts")};
    import { loadConsoleConfig } from ${at("console/config.ts")};
    import { openClickHouse } from ${at("console/stores/clickhouse.ts")};
    import { openPostgres } from ${at("console/stores/postgres.ts")};
    import { Secret, silentLog } from ${at("core/log.ts")};
    import { Metrics } from ${at("core/metrics.ts")};
    const { postgres, clickhouse, flags } = JSON.parse(await Bun.stdin.text());
    const db = await openPostgres({ ...postgres, password: new Secret(postgres.password) }, silentLog, new Metrics(), { maxConnections: 4 });
    const events = await openClickHouse(clickhouse, silentLog, new Metrics());
    const manifest = { postgresMigrations: {}, clickhouseMigrations: {}, uiAssets: [], packs: [], engine: undefined };
    const config = await loadConsoleConfig({ flags, env: {} });
    const running = await startConsole(config, manifest, { stores: { db, events }, log: silentLog });
    console.log("port", running.port);`;
  const own = await mkdtemp(join(tmpdir(), "telovix-plane-"));
  await cp(join(dir, "trust"), join(own, "trust"), { recursive: true });
  const flags = { "data-dir": own, port: "0", listen: "127.0.0.1", "redis-url": redis.url.reveal() };
  const input = JSON.stringify({ postgres: { ...postgres, password: postgres.password.reveal() }, clickhouse, flags });
  const program = new Program(process.execPath, ["-e", code], { input });
  const port = Number((await until(() => /port (\d+)/.exec(program.output)))[1]);
  return {
    program,
    port,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await rm(own, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!(await hasRedis("replicas of a Console")))("two replicas on the same stores", () => {
  let stores: TestStores;
  let redis: TestRedis;
  let a: TestConsole;
  let b: TestConsole;
  let believedMs = 0;
  const clockOfA: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + believedMs };

  /** Another Console of the same installation: the same stores, the same authority, a directory of its own. */
  const another = async (): Promise<TestConsole> => {
    const dir = await mkdtemp(join(tmpdir(), "telovix-plane-"));
    await cp(join(a.dir, "trust"), join(dir, "trust"), { recursive: true });
    return TestConsole.start(stores, {}, dir, { redisUrl: redis.url });
  };
  const heard = (of: TestConsole): number => {
    of.metrics.render();
    return of.metrics.value("telovix_console_bus_instances");
  };
  const detail = (at: TestConsole, id: string): Promise<SensorDetail> => at.json("GET", `/api/v1/sensors/${id}`);

  beforeAll(async () => {
    [stores, redis] = await Promise.all([testStores(), TestRedis.start()]);
    a = await TestConsole.start(stores, { clock: clockOfA }, undefined, { redisUrl: redis.url });
    await a.setUp();
    b = await (await another()).signIn();
    await until(() => heard(a) === 1 && heard(b) === 1);
  });
  afterAll(async () => {
    await b?.[Symbol.asyncDispose]();
    await a?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
    await stores?.dispose();
  });

  test("a browser at one sees events and sensors of the other", async () => {
    const sensor = (await a.enroll("far")).at(b);
    const view = await LiveView.open(a, await signIn(a));
    view.subscribe();
    await until(() => {
      b.metrics.render();
      return b.metrics.value("telovix_console_live_taps") === 1;
    });
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "events", batch: testBatch(1, 50) });
    await stream.next("ack");
    await until(() => view.messages.length === 50);
    expect(new Set(view.messages).size).toBe(50);
    await until(() => view.changes.includes(`${sensor.sensorId} connected`));
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    await until(() => view.changes.includes(`${sensor.sensorId} heartbeat`));
    // Where its stream is makes no difference to what is shown of it.
    const [here, there] = await Promise.all([detail(a, sensor.sensorId), detail(b, sensor.sensorId)]);
    expect([here.stream_connected, here.delivery]).toEqual([true, "stream"]);
    expect([there.stream_connected, there.delivery]).toEqual([true, "stream"]);
    stream.socket.close();
    await until(async () => !(await detail(a, sensor.sensorId)).stream_connected);
    view.close();
  });

  test("a sensor revoked at one is cut at the other at once", async () => {
    const sensor = (await a.enroll("revoked")).at(b);
    const stream = await sensor.stream();
    await stream.hello();
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    const startMs = performance.now();
    expect((await a.api("POST", `/api/v1/sensors/${sensor.sensorId}/revoke`)).status).toBe(204);
    await until(() => stream.closed !== undefined);
    expect(performance.now() - startMs).toBeLessThan(TOLD_MS);
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(403);
  });

  test("a session ended at one closes its live views at the other", async () => {
    const person = await signIn(a);
    const view = await LiveView.open(b, person);
    expect(view.closed).toBeUndefined();
    const response = await fetch(`${a.origin}/api/v1/auth/logout`, {
      method: "POST",
      tls: { ca: a.caPem },
      headers: { cookie: person.cookie, "x-csrf-token": person.csrf, origin: a.origin },
    });
    expect(response.status).toBe(204);
    const startMs = performance.now();
    await until(() => view.closed);
    expect([view.closed, performance.now() - startMs < TOLD_MS]).toEqual([4401, true]);
  });

  test("signing in is limited to ten a minute over both, and so is everything else", async () => {
    // The key is the address of this host, which other tests sign in from too: none of them may go on from here.
    const attempt = (at: TestConsole): Promise<Response> =>
      fetch(`${at.origin}/api/v1/auth/login`, {
        method: "POST",
        tls: { ca: at.caPem },
        headers: { "content-type": "application/json", origin: at.origin },
        body: JSON.stringify({ email: `x${Math.random()}@example.net`, password: ADMIN.password }),
      });
    const statuses: number[] = [];
    let limited: Response | undefined;
    for (let i = 0; i < 24; i++) {
      const response = await attempt(i % 2 === 0 ? a : b);
      statuses.push(response.status);
      if (response.status === 429) limited = response;
    }
    // Some of the ten were used by the tests before, and a token or two came back meanwhile.
    const passed = statuses.filter((status) => status === 401).length;
    expect(passed).toBeLessThanOrEqual(10);
    expect(statuses.filter((status) => status === 429).length).toBe(24 - passed);
    expect(Number(limited!.headers.get("retry-after"))).toBeGreaterThan(0);

    const look = (at: TestConsole): Promise<Response> =>
      fetch(`${at.origin}/api/v1/auth/me`, { tls: { ca: at.caPem }, headers: { cookie: "" } });
    const startMs = performance.now();
    let through = 0;
    for (let i = 0; i < 300; i++) if ((await look(i % 2 === 0 ? a : b)).status !== 429) through++;
    const refilled = ((performance.now() - startMs) / 60_000) * 200;
    expect(through).toBeLessThanOrEqual(200 + Math.ceil(refilled));
    expect(through).toBeGreaterThan(100);
  });

  test("a sensor that moves to and fro loses nothing, and nothing is called lost", async () => {
    const sensor = await a.enroll("wanderer");
    let from = 1;
    const deliver = async (at: TestConsole): Promise<boolean> => {
      const stream = await sensor.at(at).stream();
      await stream.hello(EPOCH, from);
      stream.send({ type: "events", batch: testBatch(from, from + 99) });
      // A Console that did not hear of the others yet may put it off once.
      const acked = await stream.next("ack").then(
        () => true,
        () => false,
      );
      stream.socket.close();
      return acked;
    };
    for (const at of [a, b, a, b, a]) {
      await until(() => deliver(at));
      from += 100;
    }
    // And by the other way, without a stream, which tells nobody where the sensor is.
    for (const at of [b, a]) {
      const response = await until(async () => {
        const answer = await sensor.at(at).send("/sensors/events", testBatch(from, from + 99));
        return answer.status === 200 ? answer : undefined;
      });
      expect(await response.json()).toMatchObject({ ack: { epoch: EPOCH, seq: from + 99 } });
      from += 100;
    }
    const rows = await stores.events.select<{ events: number; numbers: number }>(
      a.me.tenant_id,
      `SELECT toUInt32(count()) AS events, toUInt32(uniqExact(seq)) AS numbers FROM runtime_events FINAL
       WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}`,
      { sensor_id: sensor.sensorId },
    );
    expect(rows).toEqual([{ events: 700, numbers: 700 }]);
    const losses = await stores.events.select(
      a.me.tenant_id,
      `SELECT stage, cause, count FROM event_losses WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}`,
      { sensor_id: sensor.sensorId },
    );
    expect(losses).toEqual([]);
  });

  test("with Redis down all goes on, said as degraded; it is used again when it is back", async () => {
    const sensor = (await a.enroll("calm")).at(b);
    const ready = async (at: TestConsole): Promise<{ status: string; stores: { name: string; ok: boolean }[] }> => {
      const response = await fetch(`${at.origin}/readyz`, { tls: { ca: at.caPem } });
      expect(response.status).toBe(200);
      return (await response.json()) as { status: string; stores: { name: string; ok: boolean }[] };
    };
    expect((await ready(a)).stores.find(({ name }) => name === "redis")?.ok).toBe(true);
    await redis.kill();
    const degraded = await until(async () => {
      const answer = await ready(a);
      return answer.status === "degraded" ? answer : undefined;
    });
    expect(degraded.stores.find(({ name }) => name === "redis")?.ok).toBe(false);
    expect(a.logged.join("")).toContain("Redis is away");
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "events", batch: testBatch(1, 10) });
    await stream.next("ack");
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    expect((await b.api("GET", "/api/v1/sensors")).status).toBe(200);
    // Without news of the stream its heartbeats tell that it lives.
    expect(await detail(a, sensor.sensorId)).toMatchObject({ stream_connected: false, lifecycle_status: "healthy" });
    await redis.up();
    await until(async () => (await detail(a, sensor.sensorId)).stream_connected);
    await until(async () => (await ready(a)).stores.find(({ name }) => name === "redis")?.ok);
    stream.socket.close();
  });

  test("a replica killed with -9 is forgotten by the others, and its sensors go on with them", async () => {
    const sensor = await a.enroll("orphan");
    await using killed = await replicaProcess(stores, a.dir, redis);
    const at = { origin: `https://127.0.0.1:${killed.port}`, caPem: a.caPem } as unknown as TestConsole;
    const stream = await sensor.at(at).stream();
    await stream.hello();
    stream.send({ type: "events", batch: testBatch(1, 100) });
    await stream.next("ack");
    await until(async () => (await detail(a, sensor.sensorId)).stream_connected);
    await killed.program.stop("SIGKILL");
    await until(() => stream.closed !== undefined);
    const again = await sensor.stream();
    // What was acknowledged by the dead one is had by all.
    expect((await again.hello(EPOCH, 101)).ack.epoch).toBe(EPOCH);
    again.send({ type: "events", batch: testBatch(101, 150) });
    expect(await again.next("ack")).toMatchObject({ ack: { seq: 150 } });
    again.socket.close();
    // It said no goodbye: silence tells.
    believedMs += BELIEVED_MS;
    await until(() => heard(a) === 1);
    await until(async () => !(await detail(a, sensor.sensorId)).stream_connected);
    const losses = await stores.events.select(
      a.me.tenant_id,
      `SELECT stage, cause, count FROM event_losses WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}`,
      { sensor_id: sensor.sensorId },
    );
    expect(losses).toEqual([]);
  });

  test("a replica that ends is forgotten by the others, and one that comes is told everything", async () => {
    const c = await another();
    await until(() => heard(a) === 2 && heard(c) === 2);
    const sensor = await a.enroll("stays");
    const stream = await sensor.at(c).stream();
    await stream.hello();
    await until(async () => (await detail(a, sensor.sensorId)).stream_connected);
    await c[Symbol.asyncDispose]();
    await until(() => heard(a) === 1);
    await until(async () => !(await detail(a, sensor.sensorId)).stream_connected);
    const again = await sensor.at(b).stream();
    await again.hello();
    await until(async () => (await detail(a, sensor.sensorId)).stream_connected);
    again.socket.close();
  });
});
