import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { Supervisor } from "../../core/supervise.ts";
import type { PostgresTarget } from "../stores/postgres.ts";
import type { ServerAccounts } from "./account.ts";
import { prepareDataDir, privateDir, shortSocketDir } from "./directories.ts";
import { lockDirectory } from "./lock.ts";
import { RunningServer } from "./running-server.ts";
import { ADMIN_ROLE, APP_ROLE, DATABASE, initCluster, loadPasswords, provision } from "./postgres-init.ts";
import { readPostmaster, removeCutLock, stopOrphan } from "./postgres-orphan.ts";
import { StartRoom } from "./start-room.ts";

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly postgresDir: string;
  readonly accounts: ServerAccounts | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** False only where losing everything is fine (tests): no fsync. */
  readonly durable?: boolean;
}

/** A running PostgreSQL of ours. */
export interface EmbeddedPostgres extends AsyncDisposable {
  readonly server: RunningServer;
  readonly target: PostgresTarget;
  /** Absolute path of the cluster. */
  readonly pgData: string;
  /** The superuser's way in, for provisioning and tests; the Console itself works with `target`. */
  readonly adminTarget: PostgresTarget;
}

// A Console needs few connections; the page cache does the rest.
const SETTINGS: readonly string[] = [
  "listen_addresses=",
  "unix_socket_permissions=0700",
  "max_connections=64",
  "shared_buffers=64MB",
  // Neither on the disk of the data, where a write to mapped memory is a SIGBUS once a copy-on-write file system has no more room or
  // quota for it, nor in /dev/shm, which containers have little of or none. PostgreSQL needs System V memory for its own lock anyway.
  "dynamic_shared_memory_type=sysv",
  "max_wal_size=512MB",
  "password_encryption=scram-sha-256",
  "log_line_prefix=",
  // Statements may hold what a sensor sent; they do not belong in a log.
  "log_min_error_statement=panic",
  "log_checkpoints=off",
  "jit=off",
  "timezone=UTC",
  "log_timezone=UTC",
];

/** One of its processes was killed or broke, and it has begun anew by itself: nobody else would say why it was away. */
const BROKEN = /\(PID \d+\) was terminated by signal|^all server processes terminated/;

/** It begins anew by itself, again and again if it has to: the process that was started goes on. Then: it takes connections. */
const ANEW = /all server processes terminated; reinitializing$/;
const READY = /database system is ready to accept connections$/;

function forwardLine(log: Log, line: string): void {
  const [, level = "", text = line] = /^([A-Z]+[1-5]?): {1,2}(.*)$/.exec(line) ?? [];
  if (level === "PANIC") log.error(text);
  else if (level === "FATAL" || level === "WARNING" || BROKEN.test(text)) log.warn(text);
  else log.debug(text, level ? { level } : {});
}

/**
 * Starts PostgreSQL on `<dataDir>/postgres`, making the cluster, role and database the first time. It listens on a Unix socket
 * only, runs under an account of its own, and is started again whenever it ends. Rejects with AppError `unavailable`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, accounts } = options;
  const log = options.log.child("postgres");
  const home = join(dataDir, "postgres");
  await prepareDataDir(dataDir, accounts?.server);
  await mkdir(home, { recursive: true, mode: 0o711 });
  // The lock itself needs a block.
  const room = new StartRoom("postgres", dataDir, log);
  await room.make();
  // Before anything is touched: a second Console would take the first one's server for an orphan.
  const server = new RunningServer("postgres", await lockDirectory(home), log);
  try {
    return await startOn(home, server, room, options, log);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function startOn(
  home: string,
  server: RunningServer,
  room: StartRoom,
  options: EmbeddedPostgresOptions,
  log: Log,
): Promise<EmbeddedPostgres> {
  const { postgresDir, accounts, clock, durable = true } = options;
  const pgData = join(home, "data");
  const passwords = await loadPasswords(join(home, "passwords.json"));
  await initCluster({ postgresDir, home, accounts, password: passwords.admin, durable });
  await stopOrphan(pgData, clock, log);
  await privateDir(join(home, "run"), accounts?.server);
  const { path: socketDir, remove } = await shortSocketDir(join(home, "run"));
  server.atEnd(remove);
  const settings = [...SETTINGS, `unix_socket_directories=${socketDir}`];
  if (!durable) settings.push("fsync=off", "full_page_writes=off", "synchronous_commit=off");
  const supervisor = new Supervisor(
    {
      name: "postgres",
      command: [join(postgresDir, "bin", "postgres"), "-D", pgData, ...settings.flatMap((s) => ["-c", s])],
      env: { LC_ALL: "C", TZ: "UTC" },
      cwd: "/",
      ...accounts?.server,
      stopSignal: "SIGINT",
      stopTimeoutMs: 30_000,
      before: async () => {
        await room.make();
        await removeCutLock(pgData, log);
      },
      ready: async (pid, signal) => {
        while (!signal.aborted) {
          const postmaster = await readPostmaster(pgData);
          if (postmaster?.pid === pid && postmaster.ready) return;
          await clock.sleep(10, signal);
        }
      },
      onLine: (line) => {
        server.remember(line);
        if (READY.test(line)) room.started();
        else if (ANEW.test(line)) void room.make();
        else room.heard(line);
        forwardLine(log, line);
      },
      onState: (state) => server.update(state),
    },
    clock,
    log,
  );
  server.start(supervisor);
  await server.untilRunning();
  await provision(socketDir, passwords);
  return {
    server,
    target: { socketDir, user: APP_ROLE, password: passwords.app, database: DATABASE },
    adminTarget: { socketDir, user: ADMIN_ROLE, password: passwords.admin, database: "postgres" },
    pgData,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
