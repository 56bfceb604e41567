import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startConsole, type RunningConsole } from "../../src/console/app.ts";
import { loadConsoleConfig } from "../../src/console/config.ts";
import { createLog } from "../../src/core/log.ts";
import { AppError } from "../../src/core/error.ts";
import { readSqlFiles } from "../../scripts/sql-files.ts";
import { emptyClickHouse, dropClickHouse } from "../harness/databases.ts";
import { freePort } from "../harness/built-console.ts";
import { ClickHousePort, hasPostgres15, startPostgres15, type Postgres15 } from "../harness/external-stores.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { closeServers, REPOSITORY } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

if (!hasPostgres15) process.stderr.write("SKIPPED: external stores: no PostgreSQL 15 of Debian, or not root\n");

describe.skipIf(!hasPostgres15)("stores that somebody else keeps", () => {
  let dir: string;
  let server: Postgres15;
  let port: number;
  let clickhouse: Awaited<ReturnType<typeof emptyClickHouse>>;
  let front: ClickHousePort;
  let clickhouseUrl: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "telovix-external-"));
    await chmod(dir, 0o755);
    server = await startPostgres15(dir);
    port = server.port;
    const { admin } = server;
    await admin`CREATE ROLE bypass LOGIN PASSWORD 'plain-secret' NOSUPERUSER BYPASSRLS`;
    await server.createDatabase("plain");
    await admin`CREATE DATABASE other OWNER admin`;
    clickhouse = await emptyClickHouse();
    front = new ClickHousePort(clickhouse.socketPath, "writer", "ch-secret");
    clickhouseUrl = `http://writer:ch-secret@127.0.0.1:${await front.listen()}/${clickhouse.database}`;
  }, 60_000);

  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await dropClickHouse(clickhouse);
    await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const logged: string[] = [];
  async function start(flags: Record<string, string>, keptDir?: string): Promise<RunningConsole> {
    const dataDir = keptDir ?? (await mkdtemp(join(dir, "data-")));
    const config = await loadConsoleConfig({
      flags: { "data-dir": dataDir, port: "0", listen: "127.0.0.1", "clickhouse-url": clickhouseUrl, ...flags },
      env: {},
    });
    const manifest = {
      postgresMigrations: await readSqlFiles(REPOSITORY, "postgres"),
      clickhouseMigrations: await readSqlFiles(REPOSITORY, "clickhouse"),
      uiAssets: [],
      packs: [],
      engine: undefined,
    };
    const log = createLog({ level: "debug", write: (line) => void logged.push(line) });
    return startConsole(config, manifest, { log });
  }
  const url = (user: string, database: string, secret = "plain-secret"): Record<string, string> => ({
    "postgres-url": `postgres://${user}:${secret}@127.0.0.1:${port}/${database}`,
  });
  async function refusal(flags: Record<string, string>): Promise<AppError> {
    const error = await start(flags).then(
      async (running) => {
        await running[Symbol.asyncDispose]();
        return undefined;
      },
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).hint).toBeString();
    return error as AppError;
  }

  test("work with a plain role and an HTTP address, and a second start finds its data", async () => {
    // The stores know which authority sensors trust: its key is what a second start needs of the first.
    const dataDir = await mkdtemp(join(dir, "kept-"));
    for (const again of [false, true]) {
      await using running = await start(url("plain", "plain"), dataDir);
      const origin = `https://127.0.0.1:${running.port}`;
      const tls = { rejectUnauthorized: false };
      const ready = (await (await fetch(`${origin}/readyz`, { tls })).json()) as unknown;
      expect(ready).toEqual({
        status: "ready",
        stores: [
          { name: "postgresql", ok: true, runs: "external" },
          { name: "clickhouse", ok: true, runs: "external" },
          { name: "disk", ok: true, optional: true },
          { name: "event intake", ok: true, optional: true },
          { name: "authority keys", ok: true, optional: true },
          { name: "hourly roots", ok: true, optional: true },
        ],
      });
      expect(await running.isSetUp()).toBe(again);
      if (again) continue;
      const response = await fetch(`${origin}/api/v1/setup`, {
        method: "POST",
        tls,
        headers: { "content-type": "application/json", origin },
        body: JSON.stringify({
          token: new URL(running.setupLink!).hash.slice(1),
          organisation: "Example",
          name: "Ada Admin",
          email: "ada@example.net",
          password: "correct horse battery 7",
        }),
      });
      expect(response.status).toBe(201);
      const cookie = response.headers.getSetCookie()[0]!.split(";")[0]!;
      const events = await fetch(`${origin}/api/v1/events`, { tls, headers: { cookie } });
      expect(await events.json()).toMatchObject({ events: [], next_cursor: null });
    }
    expect([...front.seen]).toEqual([clickhouse.database]);
    expect(logged.join("")).not.toMatch(/plain-secret|ch-secret/);
  }, 60_000);

  test("refuse a role that row-level security does not bind, before anything is made there", async () => {
    const superuser = await refusal(url("admin", "other", "admin-secret"));
    expect(superuser.message).toContain('role "admin" is a superuser');
    expect(superuser.hint).toContain("NOSUPERUSER NOBYPASSRLS");
    const bypass = await refusal(url("bypass", "plain"));
    expect(bypass.message).toContain("has BYPASSRLS");
    const other = postgres(`postgres://admin:admin-secret@127.0.0.1:${port}/other`, { max: 1 });
    const [tables] = await other<{ n: number }[]>`SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'`;
    await other.end();
    expect(tables!.n).toBe(0);
  }, 30_000);

  test("say what is wrong when a server cannot be reached, used or trusted with tables", async () => {
    const password = await refusal(url("plain", "plain", "wrong"));
    expect(password.message).toContain("password authentication failed");
    expect(password.hint).toContain("--postgres-url");
    expect(JSON.stringify(password)).not.toContain("wrong");
    const nobody = await refusal({ "postgres-url": `postgres://plain:x@127.0.0.1:${await freePort()}/plain` });
    expect(nobody.message).toContain("PostgreSQL refused the connection");
    expect((await refusal(url("plain", "missing"))).message).toContain('database "missing" does not exist');
    const foreign = await refusal(url("plain", "other"));
    expect(foreign.message).toContain("permission denied");
    expect(foreign.hint).toContain("own the database");
  }, 60_000);

  test("say what is wrong with ClickHouse: nobody there, the password, the database, its age", async () => {
    const at = (text: string): Record<string, string> => ({ ...url("plain", "plain"), "clickhouse-url": text });
    const nobody = await refusal(at(`http://writer:ch-secret@127.0.0.1:${await freePort()}/x`));
    expect(nobody.message).toContain("ClickHouse refused the connection");
    expect(nobody.hint).toContain("--clickhouse-url");
    const password = await refusal(at(clickhouseUrl.replace("ch-secret", "nonsense")));
    expect(password.message).toContain("Authentication failed");
    expect(password.message).not.toContain("nonsense");
    const database = await refusal(at(clickhouseUrl.replace(/\/[^/]+$/, "/missing")));
    expect(database.message).toMatch(/missing.*does not exist/);
    await using old = new ClickHousePort(clickhouse.socketPath, "writer", "ch-secret");
    old.version = "24.3.1.2672";
    const age = await refusal(at(`http://writer:ch-secret@127.0.0.1:${await old.listen()}/x`));
    expect(age.message).toBe("ClickHouse 24.3.1.2672 is too old: version 24.8 or newer is needed");
  }, 60_000);
});
