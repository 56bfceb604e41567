import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LossReport } from "../../src/core/api/losses.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { Secret, silentLog } from "../../src/core/log.ts";
import { runSensor } from "../../src/sensor/app.ts";
import { runEnroll } from "../../src/sensor/membership.ts";
import { sensorConfig, type SensorConfig } from "../../src/sensor/config.ts";
import { statePaths } from "../../src/sensor/state/paths.ts";
import { EngineLines } from "../harness/engine-lines.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { until } from "../harness/until.ts";

let stores: TestStores;
let console: TestConsole;
let root: string;
let homes = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "telovix-lanes-"));
  stores = await testStores();
  console = await (await TestConsole.start(stores)).setUp();
  await Bun.write(join(root, "ca.pem"), console.caPem);
}, 60_000);

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await stores.dispose();
  await rm(root, { recursive: true, force: true });
});

const newConfig = (): SensorConfig =>
  sensorConfig({ stateDir: join(root, `state-${++homes}`), enginePath: join(root, "no-engine") }, {});

/** A node that is enrolled, with the engine's lines to write. */
async function enrolled(nodeName: string): Promise<{ config: SensorConfig; lines: EngineLines; sensorId: string }> {
  const config = newConfig();
  const { token } = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
  const state = await runEnroll(config, {
    consoleUrl: console.origin,
    token: new Secret(token),
    caFile: join(root, "ca.pem"),
    pin: undefined,
    nodeName,
    role: "generic_linux",
    flavor: "standard",
    tags: [],
  });
  return { config, lines: new EngineLines(statePaths(config.stateDir).engineOut), sensorId: state.sensor_id };
}

function run(config: SensorConfig): AsyncDisposable {
  const controller = new AbortController();
  const overrides = { log: silentLog, reconnectMinMs: 20, reconnectMaxMs: 50, inventoryIntervalMs: 600_000 };
  const done = runSensor(config, overrides, controller.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await done.catch(() => {});
    },
  };
}

/** The Console came back at another port, which is no part of what is tested: the sensor is told. */
async function moveTo(config: SensorConfig, origin: string): Promise<void> {
  const path = statePaths(config.stateDir).sensorState;
  await Bun.write(path, (await Bun.file(path).text()).replace(/"console_url": "[^"]*"/, `"console_url": "${origin}"`));
}

/** Arguments of the executions stored, as often as they are there. */
async function stored(sensorId: string): Promise<string[]> {
  const rows = await stores.events.select<{ name: string }>(
    console.me.tenant_id,
    `SELECT JSONExtractString(event, 'process', 'argv', 2) AS name FROM runtime_events
     WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID} AND JSONExtractString(event, 'kind') = 'process_exec'`,
    { id: sensorId },
  );
  return rows.map((row) => row.name).toSorted();
}

/** As the ledger counts: a range that was told twice, for want of an answer, is one. */
async function lost(sensorId: string): Promise<number> {
  const [row] = await stores.events.select<{ n: number }>(
    console.me.tenant_id,
    "SELECT sum(count) AS n FROM event_losses FINAL WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID}",
    { id: sensorId },
  );
  return Number(row!.n);
}

async function causes(sensorId: string): Promise<string[]> {
  const rows = await stores.events.select<{ cause: string }>(
    console.me.tenant_id,
    "SELECT cause FROM event_losses WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID}",
    { id: sensorId },
  );
  return rows.map((row) => row.cause);
}

const actions = async (sensorId: string): Promise<string[]> => {
  const rows = await stores.db.system(
    (tx) => tx<{ action_type: string }[]>`SELECT action_type FROM audit_records WHERE sensor_id = ${sensorId}`,
  );
  return rows.map((row) => row.action_type);
};

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(5, "0")}`);

describe("a real sensor and a real Console", () => {
  test("an outage's backlog, what happens now and alerts: each event is stored once, nothing counts as lost", async () => {
    const { config, lines, sensorId } = await enrolled("lanes-1");
    const [old, now] = [names("old", 7_000), names("now", 300)];
    {
      await using _sensor = run(config);
      await lines.append("first");
      await until(async () => (await stored(sensorId)).length === 1);
    }
    const { dir } = console;
    await console.stop();
    {
      await using _sensor = run(config);
      await lines.append(...old);
      // It takes all of it into the spool before it ends.
    }
    console = await TestConsole.start(stores, {}, dir);
    await console.signIn();
    await moveTo(config, console.origin);
    await using _sensor = run(config);
    await lines.append(...now);
    await until(async () => (await stored(sensorId)).length >= 7_301);
    expect(await stored(sensorId)).toEqual(["first", ...now, ...old].toSorted());
    expect(await lost(sensorId)).toBe(0);
  }, 120_000);
});

describe("a Console that is away for hours", () => {
  test("costs the oldest bulk beyond the sensor's cap, to the event, and no alert", async () => {
    const { config: whole, lines: usual, sensorId } = await enrolled("cap-1");
    const config = { ...whole, spool: { ...whole.spool, maxEvents: 2_000 } };
    const HOURS = 6;
    const [from, count, step] = [Date.now() - HOURS * 3_600_000, 12_000, (HOURS * 3_600_000) / 12_000];
    const lines = new EngineLines(usual.dir, { timeMs: from });
    {
      await using _sensor = run(config);
      await lines.append("first");
      await until(async () => (await stored(sensorId)).length === 1);
    }
    const { dir } = console;
    await console.stop();
    const all = names("away", count);
    const isAlert = (i: number): boolean => i % 20 === 0;
    {
      await using _sensor = run(config);
      const stopped = { method: "signal", stopped: true };
      const text = all.map((name, i) => {
        const line = lines.exec(name, step);
        if (!isAlert(i)) return line;
        const value = JSON.parse(line) as { telovix: object };
        return `${JSON.stringify({ ...value, telovix: { ...value.telovix, enforced: stopped } })}\n`;
      });
      await appendFile(lines.path, text.join(""));
      // It takes all of it into the spool before it ends.
    }
    console = await TestConsole.start(stores, {}, dir);
    await console.signIn();
    await moveTo(config, console.origin);
    await using _sensor = run(config);
    await until(async () => (await stored(sensorId)).length + (await lost(sensorId)) >= count + 1);
    const have = await stored(sensorId);
    const alerts = all.filter((_, i) => isAlert(i));
    const bulk = have.filter((name) => name !== "first" && !alerts.includes(name));
    // The newest of the bulk without a hole, and as much as the cap allows.
    expect(bulk).toEqual(all.filter((_, i) => !isAlert(i)).slice(-bulk.length));
    expect(bulk.length).toBeGreaterThan(1_200);
    expect(bulk.length + alerts.length).toBeLessThanOrEqual(2_000);
    expect(have).toEqual(["first", ...bulk, ...alerts].toSorted());
    expect(await lost(sensorId)).toBe(count + 1 - have.length);
    expect(new Set(await causes(sensorId))).toEqual(new Set(["spool_full"]));
    const report = await console.json<LossReport>("GET", `/api/v1/loss?sensor=${sensorId}&since=1d`);
    for (const range of report.ranges) {
      expect(Date.parse(range.from)).toBeGreaterThanOrEqual(from);
      expect(Date.parse(range.to)).toBeLessThanOrEqual(from + (count + 1 - bulk.length) * step + 60_000);
    }
  }, 120_000);
});

describe("a copy of a node", () => {
  test("is found, shown and recorded; what both see is stored once each, under epochs of their own", async () => {
    const { config, lines, sensorId } = await enrolled("clone-1");
    {
      await using _sensor = run(config);
      await lines.append(...names("before", 20));
      await until(async () => (await stored(sensorId)).length === 20);
    }
    const copy = newConfig();
    await cp(config.stateDir, copy.stateDir, { recursive: true });
    const { runId, segment, seq } = lines;
    const theirs = Object.assign(new EngineLines(statePaths(copy.stateDir).engineOut, { runId, segment }), { seq });
    await using _one = run(config);
    await lines.append(...names("one", 30));
    await until(async () => (await stored(sensorId)).length === 50);
    await using _two = run(copy);
    await theirs.append(...names("two", 40));
    await until(async () => (await stored(sensorId)).length >= 90);
    await appendFile(
      lines.path,
      names("more", 5)
        .map((name) => lines.exec(name))
        .join(""),
    );
    await until(async () => (await stored(sensorId)).length >= 95);
    expect(await stored(sensorId)).toEqual(
      [...names("before", 20), ...names("one", 30), ...names("two", 40), ...names("more", 5)].toSorted(),
    );
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensorId}`);
    expect(detail.clone_detail).toContain("Two sensors on one node");
    expect(detail.health_reasons.map((r) => r.code)).toContain("clone_suspected");
    expect(await actions(sensorId)).toContain("sensor_clone_suspected");
  }, 120_000);

  test("a spool that was wiped stands in the ledger as lost whole; one that ended does not", async () => {
    const { config, lines, sensorId } = await enrolled("wiped-1");
    {
      await using _sensor = run(config);
      await lines.append("a");
      await until(async () => (await stored(sensorId)).length === 1);
    }
    // Cursors are saved once a second; what is not saved yet is found by the hello after the next.
    const saved = () => stores.db.system((tx) => tx`SELECT FROM sensor_cursors WHERE sensor_id = ${sensorId}`);
    await until(async () => (await saved()).length > 0);
    await rm(statePaths(config.stateDir).spool, { recursive: true });
    await rm(lines.path);
    lines.turn();
    await using _sensor = run(config);
    await lines.append("b");
    await until(async () => (await stored(sensorId)).length === 2);
    await until(async () => (await causes(sensorId)).includes("epoch_lost"));
    expect(await actions(sensorId)).not.toContain("sensor_clone_suspected");
  }, 60_000);
});
