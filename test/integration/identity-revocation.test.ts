import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { asAdmin } from "../harness/databases.ts";
import { copyTrust, eventually } from "../harness/identity.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor, TestStream } from "../harness/test-sensor.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
let one: TestConsole;
/** A second Console on the same database and keys, as a replica or worker is. */
let two: TestConsole;

beforeAll(async () => {
  stores = await testStores();
  one = await (await TestConsole.start(stores)).setUp();
  two = await TestConsole.start(stores, {}, await copyTrust(one));
}, 60_000);

afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await stores.dispose();
});

const beat = async (sensor: TestSensor): Promise<number> =>
  (await sensor.send("/sensors/heartbeat", testHeartbeat())).status;

async function connected(sensor: TestSensor): Promise<TestStream> {
  const stream = await sensor.stream();
  await stream.hello();
  return stream;
}

async function closedWithin(streams: readonly TestStream[], run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  await eventually("the streams end", () => streams.every((stream) => stream.closed !== undefined));
  return performance.now() - start;
}

async function bothListen(): Promise<void> {
  await eventually("both listen", async () => {
    let count = 0;
    await asAdmin(async (admin) => {
      const [row] = await admin<{ n: number }[]>`
        SELECT count(*)::int AS n FROM pg_stat_activity WHERE query ILIKE 'listen "telovix_trust"%'`;
      count = row?.n ?? 0;
    });
    return count >= 2;
  });
}

describe("a revocation at one Console", () => {
  test("ends the sensor's connections at every other within a second", async () => {
    const sensor = await one.enroll("cut-1");
    const there = sensor.at(two);
    expect(await beat(there)).toBe(200);
    await bothListen();
    const streams = [await connected(there)];
    const ms = await closedWithin(streams, () => one.api("POST", `/api/v1/sensors/${sensor.sensorId}/revoke`));
    expect(ms).toBeLessThan(1_000);
    expect(await beat(there)).toBe(403);
    expect(await beat(sensor)).toBe(403);
  });

  test("is heard again after the connection that listens was lost", async () => {
    const sensor = await one.enroll("cut-2");
    const there = sensor.at(two);
    await asAdmin(
      (admin) => admin`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%' AND pid <> pg_backend_pid()`,
    );
    await bothListen();
    const streams = [await connected(there)];
    const ms = await closedWithin(streams, () => one.api("POST", `/api/v1/sensors/${sensor.sensorId}/revoke`));
    expect(ms).toBeLessThan(1_000);
  });

  test("so does a disabling, and the deletion of the record", async () => {
    for (const [method, path] of [
      ["POST", "/disable"],
      ["DELETE", ""],
    ] as const) {
      const sensor = await one.enroll("cut-3");
      const streams = [await connected(sensor.at(two)), await connected(sensor)];
      // The newer stream of a sensor replaces the older one at its own Console only.
      const ms = await closedWithin(streams, () => one.api(method, `/api/v1/sensors/${sensor.sensorId}${path}`));
      expect(ms).toBeLessThan(1_000);
    }
  });

  test("a re-enrolment ends what the old certificate had open, everywhere, at the first use of the new one", async () => {
    const old = await one.enroll("again-1");
    const stream = await connected(old.at(two));
    const fresh = await one.enrollAgain(old, "again-1");
    expect(fresh.sensorId).toBe(old.sensorId);
    expect(await beat(old)).toBe(200);
    const ms = await closedWithin([stream], () => beat(fresh));
    expect(ms).toBeLessThan(1_000);
    expect(await beat(old)).toBe(403);
    expect(await beat(fresh.at(two))).toBe(200);
  });
});

test("a Console whose database does not answer its NOTIFY goes on serving", async () => {
  const dir = await copyTrust(one);
  const deaf = await TestConsole.start(
    { db: { ...bind(stores.db), listen: () => () => Promise.resolve() }, events: stores.events },
    {},
    dir,
  );
  try {
    const sensor = await one.enroll("deaf-1");
    expect(await beat(sensor.at(deaf))).toBe(200);
  } finally {
    await deaf.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

function bind(db: TestStores["db"]): Pick<TestStores["db"], "tenant" | "system" | "ping"> {
  return {
    tenant: (id, run) => db.tenant(id, run),
    system: (run) => db.system(run),
    ping: () => db.ping(),
  };
}

test("the authority is nobody's business without an administrator's session", async () => {
  for (const [method, path] of [
    ["GET", ""],
    ["POST", "/rotate"],
  ] as const) {
    const bare = await fetch(`${one.origin}/api/v1/trust/authority${path}`, { method, tls: { ca: one.caPem } });
    expect([401, 403]).toContain(bare.status);
  }
});
