import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { access, chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startConsole, type RunningConsole } from "../../src/console/app.ts";
import { loadConsoleConfig } from "../../src/console/config.ts";
import { createLog } from "../../src/core/log.ts";
import { AppError } from "../../src/core/error.ts";
import { readSqlFiles } from "../../scripts/sql-files.ts";
import { emptyClickHouse, dropClickHouse } from "../harness/databases.ts";
import { eventually, freePort } from "../harness/built-console.ts";
import { Program, runProgram } from "../harness/program.ts";
import { closeAtEnd } from "../harness/leaks.ts";
import { closeServers, REPOSITORY } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

const BIN = "/usr/lib/postgresql/15/bin";
const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
const hasPostgres = (await there(join(BIN, "initdb"))) && process.getuid?.() === 0;
if (!hasPostgres) process.stderr.write(`SKIPPED: external stores: no ${BIN}/initdb, or not root\n`);
/** Debian's nobody: PostgreSQL does not run as root. */
const ACCOUNT = { uid: 65_534, gid: 65_534 };

/** Somebody else's ClickHouse: the engine behind a TCP port that wants a user, a password and a database. */
class ClickHousePort implements AsyncDisposable {
  readonly seen = new Set<string>();
  version: string | undefined;
  readonly #server: Server;

  constructor(socketPath: string, user: string, password: string) {
    this.#server = createServer((incoming, outgoing) => {
      const { authorization = "" } = incoming.headers;
      const [name, secret] = Buffer.from(authorization.replace("Basic ", ""), "base64").toString().split(":");
      if (name !== user || secret !== password) {
        incoming.resume();
        outgoing.writeHead(403, { "x-clickhouse-exception-code": "516" });
        outgoing.end(`Code: 516. DB::Exception: ${name}: Authentication failed: password is incorrect\n`);
        return;
      }
      const url = new URL(incoming.url ?? "/", "http://x");
      this.seen.add(url.searchParams.get("database") ?? "");
      if (this.version !== undefined) {
        incoming.resume();
        outgoing.end(`{"version":"${this.version}"}\n`);
        return;
      }
      const { host: _host, ...headers } = incoming.headers;
      const onward = httpRequest({ socketPath, path: incoming.url, method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", (error) => outgoing.destroy(error));
      incoming.pipe(onward);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

describe.skipIf(!hasPostgres)("stores that somebody else keeps", () => {
  let dir: string;
  let server: Program;
  let port: number;
  let admin: postgres.Sql;
  let clickhouse: Awaited<ReturnType<typeof emptyClickHouse>>;
  let front: ClickHousePort;
  let clickhouseUrl: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "telovix-external-"));
    await chmod(dir, 0o755);
    const data = join(dir, "pg");
    await mkdir(data);
    await chown(data, ACCOUNT.uid, ACCOUNT.gid);
    await writeFile(join(dir, "password"), "admin-secret", { mode: 0o644 });
    const made = await runProgram(
      join(BIN, "initdb"),
      ["-D", data, "-U", "admin", "-A", "scram-sha-256", `--pwfile=${join(dir, "password")}`, "-N", "-E", "UTF8"],
      { ...ACCOUNT, cwd: "/" },
    );
    expect(made).toMatchObject({ code: 0 });
    port = await freePort();
    const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${data}`, "fsync=off"];
    const args = ["-D", data, "-p", String(port), ...settings.flatMap((s) => ["-c", s])];
    server = new Program(join(BIN, "postgres"), args, { ...ACCOUNT, cwd: "/" });
    admin = postgres(`postgres://admin:admin-secret@127.0.0.1:${port}/postgres`, { max: 1, onnotice: () => {} });
    await eventually(async () => (await admin`SELECT 1`, true));
    await admin`CREATE ROLE plain LOGIN PASSWORD 'plain-secret' NOSUPERUSER NOBYPASSRLS`;
    await admin`CREATE ROLE bypass LOGIN PASSWORD 'plain-secret' NOSUPERUSER BYPASSRLS`;
    await admin`CREATE DATABASE plain OWNER plain`;
    await admin`CREATE DATABASE other OWNER admin`;
    clickhouse = await emptyClickHouse();
    front = new ClickHousePort(clickhouse.socketPath, "writer", "ch-secret");
    clickhouseUrl = `http://writer:ch-secret@127.0.0.1:${await front.listen()}/${clickhouse.database}`;
  }, 60_000);

  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await dropClickHouse(clickhouse);
    await admin.end({ timeout: 1 });
    await server.stop("SIGQUIT");
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
