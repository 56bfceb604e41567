import { access, chown, mkdir, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import postgres from "postgres";
import { eventually, freePort } from "./built-console.ts";
import { Program, runProgram } from "./program.ts";

const BIN = "/usr/lib/postgresql/15/bin";

/** True where Debian's PostgreSQL 15 is there to play somebody else's server, and we may start it. */
export const hasPostgres15 =
  process.getuid?.() === 0 &&
  (await access(join(BIN, "initdb")).then(
    () => true,
    () => false,
  ));

/** Debian's nobody: PostgreSQL does not run as root. */
const ACCOUNT = { uid: 65_534, gid: 65_534 };

/** Somebody else's PostgreSQL, on a TCP port; its plain role is called `plain`. */
export interface Postgres15 extends AsyncDisposable {
  readonly port: number;
  readonly admin: postgres.Sql;
  createDatabase(name: string): Promise<void>;
  /** Address of a database for the plain role. */
  url(database: string): string;
}

/** Starts one below `dir`, which every user must be able to enter. */
export async function startPostgres15(dir: string): Promise<Postgres15> {
  const data = join(dir, "pg");
  await mkdir(data);
  await chown(data, ACCOUNT.uid, ACCOUNT.gid);
  await writeFile(join(dir, "password"), "admin-secret", { mode: 0o644 });
  const init = [
    "-D",
    data,
    "-U",
    "admin",
    "-A",
    "scram-sha-256",
    `--pwfile=${join(dir, "password")}`,
    "-N",
    "-E",
    "UTF8",
  ];
  const made = await runProgram(join(BIN, "initdb"), init, { ...ACCOUNT, cwd: "/" });
  if (made.code !== 0) throw new Error(made.err);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${data}`, "fsync=off"];
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((s) => ["-c", s])];
  const server = new Program(join(BIN, "postgres"), args, { ...ACCOUNT, cwd: "/" });
  const admin = postgres(`postgres://admin:admin-secret@127.0.0.1:${port}/postgres`, { max: 1, onnotice: () => {} });
  await eventually(async () => (await admin`SELECT 1`, true));
  await admin`CREATE ROLE plain LOGIN PASSWORD 'plain-secret' NOSUPERUSER NOBYPASSRLS`;
  return {
    port,
    admin,
    createDatabase: async (name) => void (await admin`CREATE DATABASE ${admin(name)} OWNER plain`),
    url: (database) => `postgres://plain:plain-secret@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await admin.end({ timeout: 1 });
      await server.stop("SIGQUIT");
    },
  };
}

/** Somebody else's ClickHouse: the engine behind a TCP port that wants a user, a password and a database. */
export class ClickHousePort implements AsyncDisposable {
  /** Databases that were named by requests with the right password. */
  readonly seen = new Set<string>();
  /** Says it is of this version, and nothing else. */
  version: string | undefined;
  readonly #server: Server;

  constructor(socketPath: string, user: string, password: string) {
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    this.#server = createServer((incoming, outgoing) => {
      if (incoming.headers.authorization !== expected) {
        incoming.resume();
        outgoing.writeHead(403, { "x-clickhouse-exception-code": "516" });
        outgoing.end("Code: 516. DB::Exception: Authentication failed: password is incorrect\n");
        return;
      }
      this.seen.add(new URL(incoming.url ?? "/", "http://x").searchParams.get("database") ?? "");
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
