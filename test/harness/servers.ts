import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chooseAccounts } from "../../src/console/embedded/account.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "../../src/console/embedded/clickhouse.ts";
import { developmentPrograms } from "../../src/console/embedded/development.ts";
import { stopOrphan } from "../../src/console/embedded/postgres-orphan.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/console/embedded/postgres.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";

export const REPOSITORY = resolve(import.meta.dir, "../..");
const PREFIX = "telovix-test-";

// Only a test run has somebody who closes what is registered; a script closes by itself.
const closers: (() => Promise<void>)[] = [];

/** Ends what this process started here, newest first. Test runs do so by themselves. */
export async function closeServers(): Promise<void> {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
}

export interface TestServers {
  readonly postgres: EmbeddedPostgres;
  readonly clickhouse: EmbeddedClickHouse;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What test processes left behind that were killed before they could clean up. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!pid || isAlive(pid)) continue;
    const dir = join(tmpdir(), name);
    await stopOrphan(join(dir, "postgres", "data"), systemClock, silentLog);
    await rm(dir, { recursive: true, force: true });
  }
}

/** A fresh directory of this test process, removed when it ends. */
export async function testDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function startServers(): Promise<TestServers> {
  await sweep();
  const dir = await testDir();
  const programs = developmentPrograms();
  const accounts = await chooseAccounts(process.getuid?.() ?? 0);
  const shared = { dataDir: dir, clock: systemClock, log: silentLog };
  const register = <T extends AsyncDisposable>(server: T): T => {
    closers.push(async () => {
      servers = undefined;
      await server[Symbol.asyncDispose]();
    });
    return server;
  };
  const [postgres, clickhouse] = await Promise.all([
    startEmbeddedPostgres({ ...shared, postgresDir: programs.postgresDir, accounts, durable: false }).then(register),
    startEmbeddedClickHouse({ ...shared, programs, account: accounts?.server }).then(register),
  ]);
  return { postgres, clickhouse };
}

let servers: Promise<TestServers> | undefined;

/** The real servers, one of each a test process; they end with it. */
export function testServers(): Promise<TestServers> {
  servers ??= startServers();
  return servers;
}
