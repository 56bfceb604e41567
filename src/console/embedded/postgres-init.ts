import { execFile } from "node:child_process";
import { access, chmod, chown, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError, errorMessage } from "../../core/error.ts";
import { randomHex } from "../../core/ids.ts";
import { Secret } from "../../core/log.ts";
import { connectPostgres } from "../stores/postgres.ts";
import type { ServerAccounts } from "./account.ts";
import { chownTree } from "./directories.ts";

export const ADMIN_ROLE = "telovix_admin";
export const APP_ROLE = "telovix";
export const DATABASE = "telovix";

/** Passwords of the embedded server: the admin provisions, the app role is what the Console works with. */
export interface Passwords {
  readonly admin: Secret;
  readonly app: Secret;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

/** Reads the passwords, or makes them; the file is ours alone and never the server's. */
export async function loadPasswords(path: string): Promise<Passwords> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text !== undefined) {
    const { admin, app } = JSON.parse(text) as { admin: string; app: string };
    return { admin: new Secret(admin), app: new Secret(app) };
  }
  const made = { admin: randomHex(24), app: randomHex(24) };
  const draft = `${path}.new`;
  await writeFile(draft, JSON.stringify(made), { mode: 0o600, flush: true });
  await rename(draft, path);
  return { admin: new Secret(made.admin), app: new Secret(made.app) };
}

export interface InitOptions {
  readonly postgresDir: string;
  /** Directory that will hold `data`. */
  readonly home: string;
  readonly accounts: ServerAccounts | undefined;
  readonly password: Secret;
  /** False only where losing everything is fine (tests). */
  readonly durable: boolean;
}

/** Makes `<home>/data` once: written aside, then renamed, so that a half-made cluster is never taken for a whole one. */
export async function initCluster({ postgresDir, home, accounts, password, durable }: InitOptions): Promise<void> {
  const data = join(home, "data");
  if (await exists(join(data, "PG_VERSION"))) return;
  const draft = join(home, "draft");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = join(draft, "password");
  await writeFile(passwordFile, password.reveal(), { mode: 0o600 });
  if (accounts) {
    await chown(draft, accounts.named.uid, accounts.named.gid);
    await chown(passwordFile, accounts.named.uid, accounts.named.gid);
  }
  const cluster = join(draft, "data");
  const args = ["-D", cluster, "-U", ADMIN_ROLE, `--pwfile=${passwordFile}`, "--auth-local=scram-sha-256"];
  args.push("--auth-host=reject", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin");
  args.push("--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions", ...(durable ? [] : ["--no-sync"]));
  try {
    await promisify(execFile)(join(postgresDir, "bin", "initdb"), args, {
      cwd: "/",
      env: { LC_ALL: "C", TZ: "UTC" },
      ...accounts?.named,
    });
  } catch (error) {
    const output = typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr).trim() : "";
    const words = (output || errorMessage(error)).split(/\s*\n\s*/).join(" | ");
    throw new AppError("unavailable", `initdb failed: ${words.slice(-500)}`, {
      cause: error,
      hint: "Look at the space on the disk of --data-dir; a directory half made is cleaned up at the next start.",
    });
  }
  if (accounts) await chownTree(cluster, accounts.server);
  await chmod(cluster, 0o700);
  await rename(cluster, data);
  await rm(draft, { recursive: true, force: true });
  if (durable) await syncDir(home);
}

/** Makes the role and the database of the Console where they are missing. */
export async function provision(socketDir: string, passwords: Passwords): Promise<void> {
  const sql = connectPostgres(
    { socketDir, user: ADMIN_ROLE, password: passwords.admin, database: "postgres" },
    { maxConnections: 1 },
  );
  try {
    const [found] = await sql<{ role: boolean; database: boolean }[]>`
      SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = ${APP_ROLE}) AS role,
             EXISTS (SELECT FROM pg_database WHERE datname = ${DATABASE}) AS database`;
    if (!found?.role) {
      // CREATE ROLE takes no parameters; the server itself quotes the password.
      const [made] = await sql<{ text: string }[]>`
        SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD %L', ${APP_ROLE}::text,
                      ${passwords.app.reveal()}::text) AS text`;
      await sql.unsafe(made!.text);
    }
    if (!found?.database) await sql`CREATE DATABASE ${sql(DATABASE)} OWNER ${sql(APP_ROLE)}`;
  } catch (cause) {
    throw new AppError("unavailable", `embedded postgres could not be prepared: ${errorMessage(cause)}`, {
      cause,
      hint: "Look at the space on the disk of --data-dir, then start again: what is missing is made then.",
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
