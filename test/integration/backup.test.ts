import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import { UNFINISHED_RESTORE } from "../../src/console/embedded/directories.ts";
import { createBackup } from "../../src/console/backup/create.ts";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { migratePostgres } from "../../src/console/stores/migrate-postgres.ts";
import { connectPostgres } from "../../src/console/stores/postgres.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import type { SensorList } from "../../src/core/api/sensors.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import type { EventsResponse } from "../../src/core/wire/events.ts";
import { dropPostgres, emptyPostgres, testMigrations } from "../harness/databases.ts";
import { startEventEngine } from "../harness/event-engine.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";
import { closeServers } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCli(argv, {
    out: (t) => void (out += t),
    err: (t) => void (err += t),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

/** What the event engine of a stopped Console holds. */
async function storedIn(
  dataDir: string,
  sensorId: string,
): Promise<{ seqs: number[]; losses: { cause: string; count: number }[] }> {
  await using server = await startEventEngine(dataDir);
  const client = connectClickHouse(server.target);
  const ours = `sensor_id = '${sensorId}'`;
  const rows = async <T>(query: string): Promise<T[]> =>
    (await client.query({ query, format: "JSONEachRow" })).json<T>();
  const seqs = (await rows<{ seq: number }>(`SELECT seq FROM runtime_events WHERE ${ours} ORDER BY seq`)).map((r) =>
    Number(r.seq),
  );
  const losses = await rows<{ cause: string; count: number }>(
    `SELECT cause, toUInt32(count) AS count FROM event_losses FINAL WHERE ${ours} ORDER BY count`,
  );
  await client.close();
  return { seqs, losses };
}

/** Begun after the backup; renamed when this Console became the sensor's; over. */
const AFTER = "00000000000000bb";
const ELSEWHERE = "00000000000000cc";
const OVER = "00000000000000dd";

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("a backup", () => {
  let root: string;
  let first: TestConsole;
  let sensor: TestSensor;
  let streaming: TestSensor;
  let plain: string;
  const passphrase = (): string => join(root, "passphrase");

  async function send(to: TestSensor, from: number, until: number, epoch = EPOCH): Promise<EventsResponse> {
    const response = await to.send("/api/v1/sensors/events", testBatch(from, until, { epoch }));
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as EventsResponse;
  }

  /** Sends until it is taken, as sensors do; answers what is acknowledged then. */
  const insist = (to: TestSensor, from: number, last: number): Promise<number> =>
    until(async () => (await send(to, from, last).catch(() => undefined))?.ack.seq);

  /** Says hello twice, as after a cut, and goes on where it was acknowledged: in what the backup has, what is newer, and what it never gave to this Console. */
  async function comesBack(to: TestSensor): Promise<void> {
    for (let time = 0; time < 2; time++) {
      const stream = await to.stream();
      stream.send({
        type: "hello",
        protocol_version: 3,
        sensor_version: "0.0.0-test",
        epoch: EPOCH,
        next_seq: 71,
        lanes: [
          { lane: "bulk", epoch: EPOCH, next_seq: 71, acked_seq: 70 },
          { lane: "alert", epoch: AFTER, next_seq: 31, acked_seq: 30 },
          { lane: "backlog", epoch: ELSEWHERE, next_seq: 500, acked_seq: 400, base_seq: 400 },
        ],
        ended: [{ epoch: OVER, last_seq: 9, acked_seq: 9, base_seq: 9 }],
      });
      await stream.next("welcome");
      if (time === 1) {
        stream.send({ type: "events", batch: testBatch(31, 31, { epoch: AFTER }) });
        expect(await stream.next("ack")).toMatchObject({ ack: { epoch: AFTER, seq: 31 } });
        // At once: what is in the ledger is not waited for.
        stream.send({ type: "events", batch: testBatch(71, 80) });
        expect(await stream.next("ack")).toMatchObject({ ack: { epoch: EPOCH, seq: 80 } });
      }
      stream.socket.close();
    }
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "telovix-backup-"));
    await chmod(root, 0o755);
    await writeFile(passphrase(), "a passphrase of the test\n", { mode: 0o600 });
    first = await (await TestConsole.embedded(join(root, "first"))).setUp();
    sensor = await first.enroll("db-1");
    expect((await sensor.send("/api/v1/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    expect((await send(sensor, 1, 50)).ack.seq).toBe(50);
    streaming = await first.enroll("db-2");
    expect((await send(streaming, 1, 50)).ack.seq).toBe(50);
  }, 60_000);

  afterAll(async () => {
    await first.stop();
    await rm(root, { recursive: true, force: true });
  });

  test("is refused without a word on the keys, and never written over a file", async () => {
    const dir = ["--data-dir", first.dir];
    const bare = await cli("console", "backup", join(root, "bare.tlvx"), ...dir);
    expect(bare).toMatchObject({ code: 2, err: expect.stringContaining("private keys") });
    await writeFile(join(root, "taken.tlvx"), "mine");
    const taken = await cli("console", "backup", join(root, "taken.tlvx"), "--plain-keys", ...dir);
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining("is there already") });
    expect(await Bun.file(join(root, "taken.tlvx")).text()).toBe("mine");
  }, 30_000);

  test("of a running Console comes back on an empty host: sensors go on, nothing is lost in silence or doubled", async () => {
    const dir = ["--data-dir", first.dir];
    plain = join(root, "plain.tlvx");
    const written = await cli("console", "backup", plain, "--plain-keys", "--events", "all", "--json", ...dir);
    expect(written.code).toBe(0);
    expect(JSON.parse(written.out)).toMatchObject({ path: plain, encrypted: false, keys: true, events: 100 });
    expect((await stat(plain)).mode & 0o777).toBe(0o600);
    // After the backup: acknowledged, so the sensor has let go of them; the disaster takes them along.
    expect((await send(sensor, 51, 70)).ack.seq).toBe(70);
    expect((await send(streaming, 51, 70)).ack.seq).toBe(70);
    expect((await send(streaming, 1, 30, AFTER)).ack.seq).toBe(30);
    const audit = await first.json<{ records: { action_type: string }[] }>("GET", "/api/v1/audit?limit=50");
    expect(audit.records.map((r) => r.action_type)).toContain("backup_created");

    const again = join(root, "second");
    const restored = await cli("console", "restore", plain, "--data-dir", again, "--json");
    expect(restored).toMatchObject({ code: 0 });
    expect(JSON.parse(restored.out)).toMatchObject({ events: 100, keys: true });
    expect(await readdir(again)).not.toContain(UNFINISHED_RESTORE);

    const second = await (await TestConsole.embedded(again)).signIn();
    try {
      const list = await second.json<SensorList>("GET", "/api/v1/sensors");
      expect(list.sensors.map((s) => s.node_name).toSorted()).toEqual(["db-1", "db-2"]);
      const [newest] = (
        await second.json<{ records: { action_type: string; created_at: string }[] }>("GET", "/api/v1/audit?limit=2")
      ).records.slice(-1);
      expect(newest).toMatchObject({ action_type: "backup_restored" });
      const same = sensor.at(second);
      expect((await same.send("/api/v1/sensors/heartbeat", testHeartbeat())).status).toBe(200);
      // A lost acknowledgement is sent again, and what comes next goes on above what is gone: the sensor has to insist on that.
      expect((await send(same, 41, 50)).ack.seq).toBe(50);
      expect(await insist(same, 71, 80)).toBe(80);
      await comesBack(streaming.at(second));
      const report = await second.json<LossReport>("GET", `/api/v1/loss?sensor=${streaming.sensorId}`);
      expect(report.totals).toMatchObject({ count: 50, unknown: 0 });
      const [range] = report.ranges;
      expect(range).toMatchObject({ stage: "store", cause: "restored_without" });
      expect(Date.parse(range!.from)).toBeLessThanOrEqual(Date.parse(newest!.created_at));
      expect(Date.parse(range!.to)).toBeLessThanOrEqual(Date.now());
    } finally {
      await second.stop();
    }
    const { seqs, losses } = await storedIn(again, sensor.sensorId);
    expect(seqs).toEqual([...range(1, 50), ...range(71, 80)]);
    expect(losses).toEqual([{ cause: "skipped", count: 20 }]);
    const other = await storedIn(again, streaming.sensorId);
    expect(other.seqs).toEqual([...range(1, 50), 31, ...range(71, 80)].toSorted((a, b) => a - b));
    expect(other.losses).toEqual([
      { cause: "restored_without", count: 20 },
      { cause: "restored_without", count: 30 },
    ]);
  }, 120_000);

  test("without events brings back state alone, and a session of before is over", async () => {
    const file = join(root, "state.tlvx");
    const args = ["--data-dir", first.dir, "--passphrase-file", passphrase()];
    expect((await cli("console", "backup", file, ...args)).out).toContain("encrypted");
    const again = join(root, "third");
    const restored = await cli("console", "restore", file, "--data-dir", again, "--passphrase-file", passphrase());
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining("0 events") });
    const third = await TestConsole.embedded(again);
    try {
      expect((await third.api("GET", "/api/v1/auth/me")).status).toBe(401);
      await third.signIn();
      expect(await insist(sensor.at(third), 71, 72)).toBe(72);
    } finally {
      await third.stop();
    }
    expect((await storedIn(again, sensor.sensorId)).seqs).toEqual([71, 72]);
  }, 120_000);

  test("is refused where something is, with a wrong passphrase, damaged, cut off or of a newer version; nothing is left", async () => {
    const full = join(root, "full");
    await Bun.write(join(full, "something"), "x");
    const refused = await cli("console", "restore", plain, "--data-dir", full);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("is not empty") });
    const wrong = join(root, "wrong");
    await writeFile(wrong, "another passphrase\n");
    const empty = join(root, "empty");
    const file = join(root, "state.tlvx");
    const unknown = await cli("console", "restore", file, "--data-dir", empty, "--passphrase-file", wrong);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("passphrase is wrong") });
    expect((await cli("console", "restore", file, "--data-dir", empty)).err).toContain("is encrypted");

    const bytes = Buffer.from(await Bun.file(plain).arrayBuffer());
    const damagedFile = join(root, "damaged.tlvx");
    await writeFile(damagedFile, bytes.subarray(0, bytes.length - 100));
    expect((await cli("console", "restore", damagedFile, "--data-dir", empty)).err).toContain("damaged");
    const newer = Buffer.from(bytes.toString("latin1").replace('{"format":1', '{"format":2'), "latin1");
    await writeFile(damagedFile, newer);
    expect((await cli("console", "restore", damagedFile, "--data-dir", empty)).err).toContain("newer version");
    expect(await readdir(empty)).toEqual([]);
  }, 60_000);

  test("of an older version comes back in its own schema, and the next start brings it forward", async () => {
    const target = await emptyPostgres();
    const sql = connectPostgres(target, { maxConnections: 2 });
    const all = await testMigrations("postgres");
    await migratePostgres(sql, all.slice(0, 1), silentLog);
    const [tenantId, name] = [newUuid(), 'Ol\u00e9\n\t\\N "NULL" {}'];
    await sql.begin(async (tx) => {
      await tx`SELECT set_config('telovix.system', 'on', true)`;
      await tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, ${name})`;
    });
    const file = join(root, "old.tlvx");
    await createBackup({
      path: file,
      trustDir: join(first.dir, "trust"),
      passphrase: undefined,
      state: sql,
      events: undefined,
      productVersion: "0.0.1",
      nowMs: () => 0,
      progress: () => {},
    });
    await sql.end();
    await dropPostgres(target);
    const again = join(root, "older");
    expect((await cli("console", "restore", file, "--data-dir", again)).err).toContain("state/tenants");
    const console = await TestConsole.embedded(again);
    try {
      expect(await console.running.isSetUp()).toBe(true);
    } finally {
      await console.stop();
    }
  }, 60_000);

  test("that was being restored when the restore was killed starts no Console", async () => {
    const half = join(root, "half");
    await Bun.write(join(half, UNFINISHED_RESTORE), "");
    const started = await TestConsole.embedded(half).then(
      async (console) => (await console.stop(), "started"),
      (error: Error) => error.message,
    );
    expect(started).toContain("did not get to its end");
    const again = await cli("console", "restore", plain, "--data-dir", half);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("unfinished restore") });
    const file = await open(join(half, UNFINISHED_RESTORE));
    await file.close();
  }, 30_000);
});
