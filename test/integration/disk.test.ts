import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { access, chmod, mkdtemp, open, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDiskStore } from "../../src/console/disk/store.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { newUuid } from "../../src/core/ids.ts";
import { generateEvents } from "../harness/events.ts";
import { hastyClock } from "../harness/hasty-clock.ts";
import { runProgram } from "../harness/program.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";
import { testStores } from "../harness/stores.ts";

const MB = 1024 * 1024;

interface Ready {
  readonly status: string;
  readonly stores: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly problem?: string;
    readonly action?: string;
  }[];
}

const mountPoint = await mkdtemp(join(tmpdir(), "telovix-disk-"));
const mounted =
  process.getuid?.() === 0 &&
  (await runProgram("mount", ["-t", "tmpfs", "-o", "size=800m,mode=755", "tmpfs", mountPoint])).code === 0;
if (!mounted)
  process.stderr.write("SKIPPED: full disk: no small disk can be mounted here (not root, or not allowed)\n");

describe.skipIf(!mounted)("a disk that fills", () => {
  let console: TestConsole;
  let sensor: TestSensor;
  const filler = join(mountPoint, "filler");

  const disk = async (): Promise<Ready["stores"][number]> =>
    (await console.json<Ready>("GET", "/readyz")).stores.find((s) => s.name === "disk")!;

  /** Fills the disk until so much is left; 0: until nothing goes any more. */
  async function leave(bytes: number): Promise<void> {
    const file = await open(filler, "a");
    try {
      for (;;) {
        const { bavail, bsize } = await statfs(mountPoint);
        const room = bavail * bsize - bytes;
        if (room < 4096) return;
        await file.write(Buffer.alloc(Math.min(room, 8 * MB)));
      }
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
  }

  const send = (from: number, to: number): Promise<Response> => sensor.send("/sensors/events", testBatch(from, to));

  beforeAll(async () => {
    await chmod(mountPoint, 0o755);
    console = await (await TestConsole.embedded(join(mountPoint, "data"), {}, { clock: hastyClock })).setUp();
    sensor = await console.enroll("db-1");
    expect((await send(1, 20)).status).toBe(200);
  }, 60_000);

  afterAll(async () => {
    await console.stop();
    await runProgram("umount", [mountPoint]);
    await rm(mountPoint, { recursive: true, force: true });
  });

  test("is named while it is nearly full, and events are still taken", async () => {
    expect(await disk()).toEqual({ name: "disk", ok: true, optional: true } as never);
    const sizeOf = (name: string): Promise<number> =>
      stat(join(console.dir, name)).then(
        ({ size }) => size,
        () => 0,
      );
    await until(async () => (await sizeOf("reserve")) > 0 && (await sizeOf("ballast")) === 25 * MB);
    await leave(150 * MB);
    const seen = await until(async () => {
      const now = await disk();
      return now.ok ? undefined : now;
    });
    expect(seen.problem).toMatch(/^the disk is nearly full \(\d+ MiB of \d+ MiB are left\)$/);
    expect(seen.action).toContain("Free space");
    expect((await console.json<Ready>("GET", "/readyz")).status).toBe("degraded");
    expect((await send(21, 25)).status).toBe(200);
  }, 30_000);

  test("takes no events when it is full; sensors stay connected, the state can be written, and the reserve is given up", async () => {
    await leave(30 * MB);
    await until(async () => (await disk()).problem?.startsWith("the disk is full"));
    const refused = await send(26, 30);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).not.toBeNull();
    const beat = await sensor.send("/sensors/heartbeat", testHeartbeat({ batch: testBatch(26, 30) }));
    expect(beat.status).toBe(200);
    expect(((await beat.json()) as { ack?: unknown }).ack).toBeUndefined();
    const stream = await sensor.stream();
    expect((await stream.hello()).credit).toBe(0);
    stream.socket.close();
    expect(await access(join(console.dir, "reserve")).catch(() => "gone")).toBe("gone");
    expect((await console.api("GET", "/readyz")).status).toBe(200);
    await console.enroll("db-2");
    expect(await (await console.api("GET", "/metrics")).text()).toContain("telovix_console_disk_level 2");
  }, 30_000);

  test("goes on by itself when there is space again, and nothing is missing or double", async () => {
    await rm(filler);
    await until(async () => (await disk()).ok);
    await until(async () => (await send(26, 30)).ok);
    await expectStored(30);
  }, 60_000);

  test("that is full to the last byte before anybody looked loses nothing either", async () => {
    await leave(0);
    // Whatever is answered: what was acknowledged is there afterwards.
    const first = await send(31, 40).catch(() => undefined);
    if (first?.ok) expect(((await first.json()) as { ack: object }).ack).toEqual({ epoch: EPOCH, seq: 40 });
    await rm(filler);
    await until(async () => (await send(31, 40).catch(() => undefined))?.ok);
    await until(async () => (await disk()).ok);
    await expectStored(40);
  }, 120_000);

  async function expectStored(to: number): Promise<void> {
    const { events } = await console.json<{ events: { message: string }[] }>("GET", "/api/v1/events?limit=200");
    const seqs = events.map((e) => Number(/\((\d+)\)$/.exec(e.message)![1]));
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: to }, (_, i) => i + 1));
  }
});

if (!mounted) await rm(mountPoint, { recursive: true, force: true });

describe("old events given up for space", () => {
  test("are whole weeks, never young ones, and stand in the loss ledger and the audit log", async () => {
    await using stores = await testStores();
    const [tenantId, sensorId] = [newUuid(), newUuid()];
    await stores.db.system((tx) => tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'Example')`);
    const nowMs = Date.now();
    const at = (days: number): number => (nowMs - days * 86_400_000) * 1000;
    const hosts = [{ sensorId, nodeName: "a" }];
    const rows = [...generateEvents({ seed: 3, tenantId, hosts, count: 2_000, fromUs: at(60), toUs: at(0) })];
    await stores.events.insert("runtime_events", rows.map(toRuntimeEventRow));
    const store = createDiskStore({ db: stores.db, events: stores.events, admin: stores.events });
    const keep = nowMs - 30 * 86_400_000;
    let dropped = 0;
    let weeks = 0;
    for (let oldest = await store.findOldest(keep); oldest; oldest = await store.findOldest(keep)) {
      dropped += oldest.rows;
      weeks++;
      await store.drop(oldest, nowMs);
    }
    expect(weeks).toBeGreaterThanOrEqual(3);
    const left = await stores.events.select<{ n: number; first: string }>(
      tenantId,
      "SELECT count() AS n, toString(min(observed_at)) AS first FROM runtime_events WHERE tenant_id = {tenant_id:UUID}",
    );
    expect(Number(left[0]!.n)).toBe(2_000 - dropped);
    expect(rows.filter((r) => r.event.observed_at_us / 1000 >= keep).length).toBeLessThanOrEqual(2_000 - dropped);
    const told = await stores.events.select<{ stage: string; cause: string; n: number }>(
      tenantId,
      "SELECT stage, cause, sum(count) AS n FROM event_losses FINAL WHERE tenant_id = {tenant_id:UUID} GROUP BY stage, cause",
    );
    expect(told.map((t) => ({ ...t, n: Number(t.n) }))).toEqual([{ stage: "store", cause: "disk_full", n: dropped }]);
    const audit = await stores.db.tenant(
      tenantId,
      (tx) => tx<{ detail: { events: number } }[]>`
      SELECT detail FROM audit_records WHERE action_type = 'events_dropped_for_space'`,
    );
    expect(audit.reduce((sum, r) => sum + r.detail.events, 0)).toBe(dropped);
  }, 60_000);
});
