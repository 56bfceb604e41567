import { afterAll, describe, expect, test } from "bun:test";
import { testServers } from "../../../test/harness/servers.ts";
import { testStores } from "../../../test/harness/stores.ts";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { AppError } from "../../core/error.ts";
import { newUuid } from "../../core/ids.ts";
import { Secret, silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { Tx } from "./contract.ts";
import { connectPostgres, openPostgres } from "./postgres.ts";

const stores = testStores();
afterAll(async () => (await stores).dispose());

async function twoTenants(): Promise<[string, string]> {
  const { db } = await stores;
  const ids: [string, string] = [newUuid(), newUuid()];
  await db.system(async (tx) => {
    for (const id of ids) await tx`INSERT INTO tenants (tenant_id, name) VALUES (${id}, ${id})`;
  });
  return ids;
}

/** Tables that hold a tenant's rows and would show them to another. */
async function openTables(tx: Tx): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`;
  return rows.map((row) => row.name);
}

async function thrownBy(promise: Promise<unknown>): Promise<AppError> {
  const error = await rejectionOf(promise);
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe("tenancy in PostgreSQL", () => {
  test("every table with a tenant has row-level security, forced, and a policy", async () => {
    const { db } = await stores;
    expect(await db.system(openTables)).toEqual([]);
  });

  test("a table without it would be found", async () => {
    const { db } = await stores;
    const rolledBack = new Error("rolled back");
    const found = db.system(async (tx) => {
      await tx`CREATE TABLE planted (tenant_id uuid)`;
      expect(await openTables(tx)).toEqual(["planted"]);
      throw rolledBack;
    });
    expect(await rejectionOf(found)).toBe(rolledBack);
  });

  test("a query without a tenant fails", async () => {
    await twoTenants();
    const { postgres } = await stores;
    const sql = connectPostgres(postgres, { maxConnections: 1 });
    expect(String(await rejectionOf(sql`SELECT * FROM tenants`))).toContain("telovix.tenant_id");
    // A transaction before must leave nothing of its tenant on the connection.
    await sql.begin((tx) => tx`SELECT set_config('telovix.tenant_id', ${newUuid()}, true)`);
    expect(String(await rejectionOf(sql`SELECT * FROM tenants`))).toContain("uuid");
    await sql.end();
  });

  test("one tenant neither sees nor writes, changes or takes another's rows", async () => {
    const { db } = await stores;
    const [a, b] = await twoTenants();
    await db.tenant(b, (tx) => tx`INSERT INTO settings (tenant_id, name, value) VALUES (${b}, 'x', '1')`);
    expect(await db.tenant(a, (tx) => tx`SELECT * FROM settings`)).toHaveLength(0);
    expect(await db.tenant(a, (tx) => tx`SELECT * FROM tenants`)).toMatchObject([{ tenant_id: a }]);
    const written = db.tenant(a, (tx) => tx`INSERT INTO settings (tenant_id, name, value) VALUES (${b}, 'y', '1')`);
    expect(String(await rejectionOf(written))).toContain("row-level security");
    expect((await db.tenant(a, (tx) => tx`UPDATE settings SET value = '2'`)).count).toBe(0);
    expect((await db.tenant(a, (tx) => tx`DELETE FROM settings`)).count).toBe(0);
    await db.tenant(a, (tx) => tx`INSERT INTO settings (tenant_id, name, value) VALUES (${a}, 'x', '1')`);
    const moved = db.tenant(a, (tx) => tx`UPDATE settings SET tenant_id = ${b}`);
    expect(String(await rejectionOf(moved))).toContain("row-level security");
    expect(await db.system((tx) => tx`SELECT * FROM settings WHERE tenant_id IN (${a}, ${b})`)).toHaveLength(2);
  });

  test("a tenant that is no UUID is refused before any query", async () => {
    const { db } = await stores;
    const run = (tx: unknown): Promise<unknown> => Promise.resolve(tx);
    expect((await thrownBy(db.tenant("' OR 1=1", run))).code).toBe("internal");
  });
});

describe("openPostgres", () => {
  test("refuses a superuser and says how to make a role", async () => {
    const { postgres } = await testServers();
    const error = await thrownBy(openPostgres(postgres.adminTarget, silentLog, new Metrics()));
    expect(error.message).toContain('role "telovix_admin" is a superuser');
    expect(error.hint).toContain("CREATE ROLE telovix LOGIN");
  });

  test("says so when nothing answers", async () => {
    const target = { url: new Secret("postgres://telovix:secret@127.0.0.1:1/telovix") };
    const error = await thrownBy(openPostgres(target, silentLog, new Metrics()));
    expect(error.code).toBe("unavailable");
    expect(error.message).not.toContain("secret");
  });
});

describe("Db", () => {
  test("gives bigint as numbers and rolls back what throws", async () => {
    const { db, metrics } = await stores;
    const [a] = await twoTenants();
    expect(
      await db.tenant(a, (tx) => tx`SELECT 9007199254740991::bigint AS big, count(*) AS n FROM settings`),
    ).toMatchObject([{ big: Number.MAX_SAFE_INTEGER, n: 0 }]);
    const failed = db.tenant(a, async (tx) => {
      await tx`INSERT INTO settings (tenant_id, name, value) VALUES (${a}, 'gone', '1')`;
      throw new AppError("conflict", "no");
    });
    expect((await thrownBy(failed)).code).toBe("conflict");
    expect(await db.tenant(a, (tx) => tx`SELECT * FROM settings WHERE name = 'gone'`)).toHaveLength(0);
    expect(metrics.value("telovix_console_postgres_transactions_total", { outcome: "rolled_back" })).toBeGreaterThan(0);
  });

  test("refuses more waiting transactions than it may hold, and counts them", async () => {
    const { postgres } = await stores;
    const metrics = new Metrics();
    await using db = await openPostgres(postgres, silentLog, metrics, { maxConnections: 1, maxPending: 2 });
    const gate = Promise.withResolvers<void>();
    const held = [db.system(() => gate.promise), db.system(() => Promise.resolve())];
    expect((await thrownBy(db.system(() => Promise.resolve()))).code).toBe("unavailable");
    gate.resolve();
    await Promise.all(held);
    expect(metrics.value("telovix_console_postgres_transactions_total", { outcome: "refused" })).toBe(1);
  });

  test("ends a statement that takes too long as unavailable", async () => {
    const { postgres } = await stores;
    await using db = await openPostgres(postgres, silentLog, new Metrics(), { statementTimeoutMs: 50 });
    expect((await thrownBy(db.system((tx) => tx`SELECT pg_sleep(30)`))).code).toBe("unavailable");
  });
});
