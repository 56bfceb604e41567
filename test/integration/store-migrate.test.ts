import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nameOf } from "../../src/console/store-migrate/open-ends.ts";
import { findMarker, setMarker } from "../../src/console/store-migrate/store-state.ts";
import { connectClickHouse, type ClickHouseTarget } from "../../src/console/stores/clickhouse.ts";
import { connectPostgres } from "../../src/console/stores/postgres.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { newUuid } from "../../src/core/ids.ts";
import { Secret } from "../../src/core/log.ts";
import { startEventEngine } from "../harness/event-engine.ts";
import { generateEvents } from "../harness/events.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { ClickHousePort, hasPostgres15, startPostgres15, type Postgres15 } from "../harness/external-stores.ts";
import { Program, runProgram } from "../harness/program.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { dropClickHouse, emptyClickHouse } from "../harness/databases.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { closeServers, REPOSITORY } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

if (!hasPostgres15) process.stderr.write("SKIPPED: store migrate: no PostgreSQL 15 of Debian, or not root\n");

const COMMAND = [join(REPOSITORY, "src/main.ts"), "console", "store", "migrate"];
const EVENTS = 6_000;

describe.skipIf(!hasPostgres15)("console store migrate", () => {
  let root: string;
  let dataDir: string;
  let server: Postgres15;
  let clickhouse: { socketPath: string; database: string };
  let port: ClickHousePort;
  let chUrl: string;
  let tenantId: string;
  const pgUrl = (): string => server.url("moved");

  async function inSource<T>(run: (target: ClickHouseTarget) => Promise<T>): Promise<T> {
    await using engine = await startEventEngine(dataDir);
    return await run(engine.target);
  }

  const args = (...more: string[]): string[] => [
    ...COMMAND,
    "--data-dir",
    dataDir,
    "--postgres-url",
    pgUrl(),
    "--clickhouse-url",
    chUrl,
    "--json",
    ...more,
  ];
  const migrate = (...more: string[]) => runProgram(process.execPath, args(...more));

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "telovix-migrate-"));
    await chmod(root, 0o755);
    server = await startPostgres15(root);
    await server.createDatabase("moved");
    clickhouse = await emptyClickHouse();
    port = new ClickHousePort(clickhouse.socketPath, "writer", "ch-secret");
    chUrl = `http://writer:ch-secret@127.0.0.1:${await port.listen()}/${clickhouse.database}`;
    dataDir = join(root, "console");
    const console = await (await TestConsole.embedded(dataDir)).setUp();
    tenantId = console.me.tenant_id;
    const sensor = await console.enroll("db-1");
    expect((await sensor.send("/api/v1/sensors/events", testBatch(1, 40))).status).toBe(200);
    const refused = await migrate();
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/ runs\.\nStop it first/);
    await console.stop();
    await inSource(async (target) => {
      const client = connectClickHouse(target);
      const nowUs = Date.now() * 1000;
      const hosts = [
        { sensorId: newUuid(), nodeName: "a" },
        { sensorId: newUuid(), nodeName: "b\ttab\\" },
      ];
      const spread = { seed: 5, tenantId, hosts, count: EVENTS, fromUs: nowUs - 20 * 86_400_000_000, toUs: nowUs };
      const values = [...generateEvents(spread)].map(toRuntimeEventRow);
      const settings = { date_time_input_format: "best_effort" } as const;
      // Twice the same: what is sent again counts once, here and there.
      for (const part of [values, values.slice(0, 100)])
        await client.insert({
          table: "runtime_events",
          values: part,
          format: "JSONEachRow",
          clickhouse_settings: settings,
        });
      await client.close();
    });
  }, 120_000);

  afterAll(async () => {
    await port[Symbol.asyncDispose]();
    await dropClickHouse(clickhouse);
    await server[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test("killed again and again it goes on where it was, and in the end both sides are the same", async () => {
    let kills = 0;
    // Each life may get a few lines further than the one before.
    for (let lines = 1; kills < 6; lines += 4) {
      await using program = new Program(process.execPath, args());
      const ended = await Promise.race([
        program.ended,
        (async () => {
          while (program.output.split("\n").length <= lines) await new Promise((resolve) => setImmediate(resolve));
          return undefined;
        })(),
      ]);
      if (ended) {
        expect(ended).toMatchObject({ code: 0 });
        break;
      }
      kills++;
      await program.stop("SIGKILL");
    }
    expect(kills).toBeGreaterThan(2);
    const last = await migrate();
    expect(last).toMatchObject({ code: 0 });
    const { ok, checks } = JSON.parse(last.out) as { ok: boolean; checks: { table: string; target_rows: number }[] };
    expect(ok).toBe(true);
    const rows = (table: string): number =>
      checks.filter((c) => c.table === table).reduce((sum, c) => sum + c.target_rows, 0);
    expect(rows("runtime_events")).toBe(EVENTS + 40);
    expect(rows("tenants")).toBe(1);
    expect(rows("sensors")).toBe(1);
    expect(last.err).toContain('"copied":false');
    // Nothing of the way there is left.
    const client = connectClickHouse({ url: new Secret(chUrl) });
    const tables = await (await client.query({ query: "SHOW TABLES", format: "JSONEachRow" })).json<{ name: string }>();
    await client.close();
    expect(tables.map((t) => t.name).filter((name) => name.startsWith("telovix_copy"))).toEqual([]);
  }, 180_000);

  test("killed between the ends of events and state, it comes to the other", async () => {
    const sql = connectPostgres({ url: new Secret(pgUrl()) }, { maxConnections: 1 });
    try {
      await sql.begin((tx) => setMarker(tx, nameOf(undefined, dataDir)));
      expect(await migrate()).toMatchObject({ code: 0 });
      expect(await findMarker(sql)).toBeUndefined();
    } finally {
      await sql.end();
    }
  }, 60_000);

  test("a second time is refused: the target is an installation now; comparing is not", async () => {
    const again = await migrate();
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("already holds") });
    expect(await migrate("--verify-only")).toMatchObject({ code: 0 });
  }, 60_000);

  test("the Console does not go on with what was copied from by mistake", async () => {
    const refused = await rejectionOf(TestConsole.embedded(dataDir));
    expect(refused).toMatchObject({ code: "conflict", hint: expect.stringMatching(/--(postgres|clickhouse)-url/) });
    expect(String(refused)).not.toContain("secret");
  }, 30_000);

  test("the Console goes on from the new stores", async () => {
    const flags = { "postgres-url": pgUrl(), "clickhouse-url": chUrl };
    const console = await (await TestConsole.embedded(dataDir, flags)).signIn();
    try {
      const list = await console.json<{ sensors: { node_name: string }[] }>("GET", "/api/v1/sensors");
      expect(list.sensors.map((s) => s.node_name)).toEqual(["db-1"]);
      // Numbers given before are not given again.
      const audit = await console.json<{ records: { audit_id: string }[] }>("GET", "/api/v1/audit?limit=100");
      expect(new Set(audit.records.map((r) => r.audit_id)).size).toBe(audit.records.length);
    } finally {
      await console.stop();
    }
  }, 60_000);

  test("a row that differs is found", async () => {
    const sql = connectPostgres({ url: new Secret(pgUrl()) }, { maxConnections: 1 });
    await sql.begin(async (tx) => {
      await tx`SELECT set_config('telovix.system', 'on', true)`;
      await tx`UPDATE tenants SET name = 'Somebody else'`;
    });
    await sql.end();
    const client = connectClickHouse({ url: new Secret(chUrl) });
    await client.command({
      query: "ALTER TABLE runtime_events UPDATE message = 'other' WHERE seq = 7",
      clickhouse_settings: { mutations_sync: "2" },
    });
    await client.close();
    const found = await migrate("--verify-only");
    expect(found.code).toBe(3);
    const { checks } = JSON.parse(found.out) as { checks: { table: string; ok: boolean }[] };
    const wrong = new Set(checks.filter((c) => !c.ok).map((c) => c.table));
    expect(wrong.has("tenants")).toBe(true);
    expect(wrong.has("runtime_events")).toBe(true);
    expect(wrong.has("sensors")).toBe(false);
  }, 60_000);

  test("a database of somebody else's is left alone", async () => {
    await server.createDatabase("foreign");
    const url = server.url("foreign");
    const sql = connectPostgres({ url: new Secret(url) }, { maxConnections: 1 });
    await sql`CREATE TABLE store_copy (source text NOT NULL)`;
    await sql`INSERT INTO store_copy VALUES ('another one')`;
    await sql.end();
    const refused = await runProgram(process.execPath, [...COMMAND, "--data-dir", dataDir, "--postgres-url", url]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("unfinished copy of another installation") });
    const nowhere = await runProgram(process.execPath, [
      ...COMMAND,
      "--data-dir",
      join(root, "no"),
      "--postgres-url",
      url,
    ]);
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining("there is no Console in") });
    expect((await runProgram(process.execPath, [...COMMAND, "--data-dir", dataDir])).code).toBe(2);
  }, 60_000);
});
