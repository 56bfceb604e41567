import { afterAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { clickhouseSchemaText, postgresSchemaText } from "../../../scripts/schema-text.ts";
import {
  dropClickHouse,
  dropPostgres,
  emptyClickHouse,
  emptyPostgres,
  testMigrations,
} from "../../../test/harness/databases.ts";
import { REPOSITORY } from "../../../test/harness/servers.ts";
import { testStores } from "../../../test/harness/stores.ts";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { AppError } from "../../core/error.ts";
import { silentLog } from "../../core/log.ts";
import { connectClickHouse } from "./clickhouse.ts";
import { migrateClickHouse } from "./migrate-clickhouse.ts";
import { migratePostgres } from "./migrate-postgres.ts";
import { parseMigrations } from "./migrations.ts";
import { underLock } from "./postgres-lock.ts";
import { connectPostgres } from "./postgres.ts";

const stores = testStores();
afterAll(async () => (await stores).dispose());

describe("migration files", () => {
  test("are numbered without gaps or doubles, in both stores", async () => {
    for (const store of ["postgres", "clickhouse"] as const)
      expect((await testMigrations(store)).length).toBeGreaterThan(0);
  });

  test("with a gap, a double or a bad name are refused", () => {
    expect(() => parseMigrations({ "0001_create_a.sql": "", "0003_create_c.sql": "" })).toThrow("number 2 is missing");
    expect(() => parseMigrations({ "0001_create_a.sql": "", "0001_create_b.sql": "" })).toThrow("used twice");
    expect(() => parseMigrations({ "1_a.sql": "" })).toThrow("NNNN_verb_noun.sql");
  });

  test("lead to the schema.sql that is kept beside them", async () => {
    const { postgres, clickhouse } = await stores;
    const sql = connectPostgres(postgres, { maxConnections: 1 });
    const client = connectClickHouse(clickhouse);
    const [state, events] = await Promise.all([postgresSchemaText(sql), clickhouseSchemaText(client)]);
    await sql.end();
    await client.close();
    expect(state).toBe(await readFile(join(REPOSITORY, "sql/postgres/schema.sql"), "utf8"));
    expect(events).toBe(await readFile(join(REPOSITORY, "sql/clickhouse/schema.sql"), "utf8"));
  });
});

describe("migratePostgres", () => {
  test("runs each file once when eight Consoles start together", async () => {
    const target = await emptyPostgres();
    // A second run of this file would fail, or add a second row.
    const migrations = parseMigrations({
      "0001_create_things.sql": "CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things VALUES (1);",
      "0002_add_thing.sql": "INSERT INTO things SELECT max(id) + 1 FROM things;",
    });
    const clients = Array.from({ length: 8 }, () => connectPostgres(target, { maxConnections: 1 }));
    await Promise.all(clients.map((sql) => migratePostgres(sql, migrations, silentLog)));
    expect(Array.from(await clients[0]!`SELECT id FROM things ORDER BY id`, (row) => row["id"] as number)).toEqual([
      1, 2,
    ]);
    await Promise.all(clients.map((sql) => sql.end()));
    await dropPostgres(target);
  });

  test("leaves nothing of a file that fails", async () => {
    const target = await emptyPostgres();
    const sql = connectPostgres(target, { maxConnections: 1 });
    const migrations = parseMigrations({ "0001_create_things.sql": "CREATE TABLE things (id int); SELECT 1/0;" });
    expect(String(await rejectionOf(migratePostgres(sql, migrations, silentLog)))).toContain("division by zero");
    expect(await sql`SELECT to_regclass('things') AS found`).toMatchObject([{ found: null }]);
    expect(await sql`SELECT * FROM schema_migrations`).toHaveLength(0);
    await sql.end();
    await dropPostgres(target);
  });

  test("refuses a database that is newer, or was made from other files", async () => {
    const target = await emptyPostgres();
    const sql = connectPostgres(target, { maxConnections: 1 });
    const files = { "0001_create_a.sql": "CREATE TABLE a ()", "0002_create_b.sql": "CREATE TABLE b ()" };
    await migratePostgres(sql, parseMigrations(files), silentLog);
    const older = migratePostgres(sql, parseMigrations({ "0001_create_a.sql": files["0001_create_a.sql"] }), silentLog);
    expect(String(await rejectionOf(older))).toContain("newer than this binary (it has 2_create_b)");
    const changed = migratePostgres(
      sql,
      parseMigrations({ ...files, "0001_create_a.sql": "CREATE TABLE c ()" }),
      silentLog,
    );
    expect(await rejectionOf(changed)).toBeInstanceOf(AppError);
    await sql.end();
    await dropPostgres(target);
  });
});

describe("migrateClickHouse", () => {
  test("may run again after it was cut off before the record", async () => {
    const target = await emptyClickHouse();
    const client = connectClickHouse(target);
    const migrations = await testMigrations("clickhouse");
    await migrateClickHouse(client, migrations, silentLog);
    await client.command({ query: "TRUNCATE TABLE schema_migrations" });
    await migrateClickHouse(client, migrations, silentLog);
    const newer = migrateClickHouse(client, migrations.slice(0, -1), silentLog);
    expect(String(await rejectionOf(newer))).toContain("newer than this binary");
    await client.close();
    await dropClickHouse(target);
  });

  test("is done by one of several Consoles that start together, and takes nothing from those that serve already", async () => {
    const target = await emptyClickHouse();
    const { postgres } = await stores;
    const migrations = parseMigrations({
      "0001_create_things.sql": "CREATE TABLE IF NOT EXISTS things (id UInt8) ENGINE = MergeTree ORDER BY id;",
      // What is taken in between the two is gone.
      "0002_move_things.sql":
        "CREATE OR REPLACE TABLE moved ENGINE = MergeTree ORDER BY id AS SELECT id, sleep(0.05) FROM things;\n" +
        "EXCHANGE TABLES things AND moved;",
    });
    const client = connectClickHouse(target);
    let waited = 0;
    const consoles = Array.from({ length: 4 }, async (_, id) => {
      await migrateClickHouse(client, migrations, silentLog, (run) =>
        underLock(postgres, "test migrations", () => waited++, run),
      );
      await client.insert({ table: "things", values: [{ id }], format: "JSONEachRow" });
    });
    await Promise.all(consoles);
    const kept = await client.query({ query: "SELECT id FROM things ORDER BY id", format: "JSONEachRow" });
    expect(await kept.json<{ id: number }>()).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }]);
    // How many depends on how soon the first is done.
    expect(waited).toBeGreaterThan(0);
    await client.close();
    await dropClickHouse(target);
  });
});
