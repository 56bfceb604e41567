import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sql } from "postgres";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { until } from "../../../test/harness/until.ts";
import { systemClock } from "../../core/clock.ts";
import { createLog } from "../../core/log.ts";
import { connectPostgres } from "../stores/postgres.ts";
import { chooseAccounts, type ServerAccounts } from "./account.ts";
import { developmentPrograms } from "./development.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./postgres.ts";
import { readPostmaster } from "./postgres-orphan.ts";

const { postgresDir } = developmentPrograms();
let dir = "";
let accounts: ServerAccounts | undefined;
let embedded: EmbeddedPostgres;
let sql: Sql;
/** What it warned of, as JSON. */
const said: string[] = [];
const log = createLog({ level: "warn", write: (line) => void said.push(line) });

async function start(dataDir = dir): Promise<void> {
  embedded = await startEmbeddedPostgres({ dataDir, postgresDir, accounts, clock: systemClock, log });
  sql = connectPostgres(embedded.target, { maxConnections: 2 });
}

async function stop(): Promise<void> {
  await sql.end({ timeout: 1 });
  await embedded[Symbol.asyncDispose]();
}

/** Pids whose parent is this one. */
async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean).map(Number);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-postgres-"));
  accounts = await chooseAccounts(process.getuid?.() ?? 0);
  await start();
  await sql`CREATE TABLE kept (n int)`;
});
afterAll(async () => {
  await stop();
  await rm(dir, { recursive: true, force: true });
});

describe("embedded PostgreSQL", () => {
  test("listens nowhere but on a socket that its account alone can enter, and trusts nobody", async () => {
    const [row] =
      await sql`SELECT current_setting('listen_addresses') AS listen, current_setting('fsync') AS fsync, current_user AS role`;
    expect(row).toMatchObject({ listen: "", fsync: "on", role: "telovix" });
    expect((await stat(join(dir, "postgres/run"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, "postgres/passwords.json"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(embedded.pgData, "pg_hba.conf"), "utf8")).not.toMatch(/^[^#].*\b(trust|peer)\b/m);
  });

  test("has its shared memory neither on the disk of its data nor where containers have little room", async () => {
    const shared = join(embedded.pgData, "pg_dynshmem");
    const [row] = await sql`SELECT current_setting('dynamic_shared_memory_type') AS type`;
    expect(row).toEqual({ type: "sysv" });
    // As on a full disk: nothing can be made there.
    await chmod(shared, 0o500);
    const [counted] = await sql.begin(async (tx) => {
      await tx`SET LOCAL debug_parallel_query = on`;
      await tx`SET LOCAL parallel_setup_cost = 0`;
      await tx`SET LOCAL min_parallel_table_scan_size = 0`;
      return tx<{ n: number }[]>`SELECT count(*)::int AS n FROM pg_class a JOIN pg_class b USING (relkind)`;
    });
    expect(counted!.n).toBeGreaterThan(1_000);
    await chmod(shared, 0o700);
  });

  test("says which signal ended one of its processes, and goes on", async () => {
    const { pid } = embedded.server.state;
    const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    process.kill(row!.pid, "SIGBUS");
    const answers = (): Promise<boolean> => sql`SELECT 1`.then(() => true).catch(() => false);
    await until(() => said.some((line) => line.includes("terminated by signal 7: Bus error")));
    await until(answers);
    expect(embedded.server.state).toMatchObject({ pid, status: "running" });
    // The other connection may wait for the server of before still.
    await sql.end({ timeout: 0 });
    sql = connectPostgres(embedded.target, { maxConnections: 2 });
  }, 60_000);

  test("killed with -9, its backends orphaned, it comes back with every committed row", async () => {
    await sql`INSERT INTO kept VALUES (1)`;
    const { pid } = embedded.server.state;
    expect((await childrenOf(pid!)).length).toBeGreaterThan(1);
    process.kill(pid!, "SIGKILL");
    await embedded.server.until((s) => s.status === "running" && s.pid !== pid);
    expect([...(await sql`SELECT n FROM kept`)]).toEqual([{ n: 1 }]);
  });

  test("one that was killed while it wrote its lock file is followed by another", async () => {
    const { pid } = embedded.server.state;
    process.kill(pid!, "SIGKILL");
    await truncate(join(embedded.pgData, "postmaster.pid"));
    await embedded.server.until((s) => s.status === "running" && s.pid !== pid);
    expect([...(await sql`SELECT n FROM kept`)]).toEqual([{ n: 1 }]);
    await stop();
    await writeFile(join(embedded.pgData, "postmaster.pid"), "");
    await start();
    expect([...(await sql`SELECT n FROM kept`)]).toEqual([{ n: 1 }]);
  });

  test("one that outlived a killed Console is stopped, and its rows are kept", async () => {
    await sql`INSERT INTO kept VALUES (2)`;
    const args = [
      "-D",
      embedded.pgData,
      "-c",
      "listen_addresses=",
      "-c",
      `unix_socket_directories=${join(dir, "postgres/run")}`,
    ];
    await stop();
    const orphan = Bun.spawn([join(postgresDir, "bin/postgres"), ...args], {
      cwd: "/",
      stderr: "ignore",
      ...(accounts ? { uid: accounts.server.uid, gid: accounts.server.gid } : {}),
    });
    while (!(await readPostmaster(embedded.pgData))?.ready);
    await start();
    expect(await orphan.exited).toBe(0);
    expect([...(await sql`SELECT n FROM kept ORDER BY n`)]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("a second Console on the same data is turned away, and harms nobody", async () => {
    const { pid } = embedded.server.state;
    const second = startEmbeddedPostgres({ dataDir: dir, postgresDir, accounts, clock: systemClock, log });
    expect(await rejectionOf(second)).toMatchObject({ code: "conflict" });
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);
    expect(embedded.server.state).toMatchObject({ pid, status: "running" });
  });

  test("a stale postmaster.pid that names somebody else stops nobody", async () => {
    const stranger = Bun.spawn(["sleep", "600"]);
    await stop();
    await writeFile(
      join(embedded.pgData, "postmaster.pid"),
      `${stranger.pid}\n${embedded.pgData}\n1\n5432\n\n\n0 0\nready   \n`,
    );
    if (accounts) await chmod(join(embedded.pgData, "postmaster.pid"), 0o644);
    await start();
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
    await stranger.exited;
  });

  test("a data directory with a path too long for sockets works all the same", async () => {
    const long = join(dir, "d".repeat(60), "e".repeat(60));
    await mkdir(long, { recursive: true, mode: 0o755 });
    await stop();
    await start(long);
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: 1 }]);
    await stop();
    await start();
  });

  test("a directory above that is closed is named, with what to do", async () => {
    if (!accounts) return;
    const closed = join(dir, "closed");
    await mkdir(closed, { mode: 0o700 });
    const started = startEmbeddedPostgres({
      dataDir: join(closed, "data"),
      postgresDir,
      accounts,
      clock: systemClock,
      log,
    });
    expect(await rejectionOf(started)).toMatchObject({
      code: "unavailable",
      hint: expect.stringContaining(`chmod o+x ${closed}`),
    });
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
  });
});
