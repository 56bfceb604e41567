import { mkdir, open, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Sql } from "postgres";
import { AppError } from "../../core/error.ts";
import { dataPath, type ConsoleConfig } from "../config.ts";
import { UNFINISHED_RESTORE } from "../embedded/directories.ts";
import { clickhouseTarget, postgresTarget, prepareEmbedded, type StoresDeps } from "../open-stores.ts";
import { parseMigrations, type AppliedMigration, type Migration } from "../stores/migrations.ts";
import { openEvents, openState } from "../store-migrate/open-ends.ts";
import { wholeLines } from "../store-migrate/lines.ts";
import { countEvents, listEventTables, writeEvents } from "../store-migrate/store-events.ts";
import {
  clearState,
  fingerprintState,
  holdsInstallation,
  listStateTables,
  seeAll,
  writeSequences,
  writeState,
  type StateRow,
  type StateTable,
} from "../store-migrate/store-state.ts";
import { entriesOf, linesOf, type Entry } from "./entries.ts";
import type { Header, Manifest } from "./manifest.ts";
import { readBackup } from "./reader.ts";
import { recordRestore } from "./store-records.ts";

const ROWS_AT_ONCE = 200;
const INSERT_BYTES = 24 * 1024 * 1024;

export interface RestoreOptions {
  readonly path: string;
  readonly passphrase: string | undefined;
  readonly progress: (entry: { name: string; rows: number }) => void;
}

export interface RestoreSummary {
  readonly created_at: string;
  readonly product_version: string;
  readonly state_rows: number;
  readonly events: number;
  readonly keys: boolean;
}

/** Reads a whole backup and says what it is. Throws when anything in it is not as it was written. */
export async function verifyBackup(
  path: string,
  passphrase: string | undefined,
): Promise<{ header: Header; manifest: Manifest }> {
  let header: Header | undefined;
  for await (const piece of readBackup(path, passphrase)) {
    if (piece.kind === "header") header = piece.header;
    if (piece.kind === "manifest" && header) return { header, manifest: piece.manifest };
  }
  throw new AppError("internal", "a backup without an end was read to its end");
}

/** The migrations the backup's rows were made under; AppError `conflict` when this binary does not know them. */
function migrationsOf(
  store: string,
  own: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  for (const { version, name, sha256 } of applied) {
    const known = own[version - 1];
    if (!known)
      throw new AppError(
        "conflict",
        `the backup is of a newer version: its ${store} has migration ${version}_${name}`,
        {
          hint: "Restore it with a telovix at least as new as the one that wrote it.",
        },
      );
    if (known.sha256 !== sha256)
      throw new AppError("conflict", `the backup's ${store} migration ${version}_${name} is not this version's`, {
        hint: "Restore it with the release that wrote it.",
      });
  }
  return own.slice(0, applied.length);
}

async function assertEmpty(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o711 });
  const names = await readdir(dir);
  if (names.includes(UNFINISHED_RESTORE))
    throw new AppError("conflict", `${dir} holds an unfinished restore`, {
      hint: `Remove it and begin again: rm -r ${dir}`,
    });
  if (names.length > 0)
    throw new AppError("conflict", `${dir} is not empty`, {
      hint: "A backup is restored into an empty directory only; name another with --data-dir, or move this one away.",
    });
}

async function restoreState(
  sql: Sql,
  options: RestoreOptions,
  manifest: Manifest,
  createdAt: string,
  nowMs: number,
): Promise<void> {
  await sql.begin(async (tx) => {
    await seeAll(tx);
    if (await holdsInstallation(tx))
      throw new AppError("conflict", "the PostgreSQL database already holds an installation", {
        hint: "Use an empty database.",
      });
    const tables = await listStateTables(tx);
    await clearState(tx, tables);
    for await (const entry of entriesOf(options.path, options.passphrase, "state")) {
      const table = tableFor(entry, tables);
      let rows = 0;
      let batch: StateRow[] = [];
      for await (const line of linesOf(entry.data)) {
        batch.push(JSON.parse(line) as StateRow);
        rows++;
        if (batch.length === ROWS_AT_ONCE) await writeState(tx, table, batch.splice(0));
      }
      await writeState(tx, table, batch);
      const [want, have] = [manifest.state[table.name], await fingerprintState(tx, table)];
      if (want?.rows !== have.rows || want.hash !== have.hash)
        throw new AppError("internal", `${table.name} did not arrive as it was written`, { hint: "Nothing was kept." });
      options.progress({ name: entry.name, rows });
    }
    await writeSequences(tx, manifest.sequences);
    const detail = { backup_of: createdAt, keys: manifest.keys, events_since: manifest.events_since };
    await recordRestore(tx, detail, new Date(nowMs));
  });
}

function tableFor(entry: Entry, tables: readonly StateTable[]): StateTable {
  const name = entry.name.slice("state/".length);
  const own = tables.find((t) => t.name === name);
  const types = new Map(own?.columns.map((c) => [c.name, c.type]));
  const missing = entry.columns.find((column) => !types.has(column));
  if (!own || missing !== undefined)
    throw new AppError(
      "conflict",
      `the backup holds ${name}${missing ? `.${missing}` : ""}, which this version does not know`,
      {
        hint: "Restore it with the release that wrote it.",
      },
    );
  return { ...own, columns: entry.columns.map((column) => ({ name: column, type: types.get(column)! })) };
}

async function writeSynced(path: string, bytes: Buffer, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function restoreTrust(config: ConsoleConfig, options: RestoreOptions): Promise<void> {
  const root = dataPath(config, "trust");
  for await (const entry of entriesOf(options.path, options.passphrase, "trust")) {
    // The name's pattern lets no part begin with a dot.
    const path = join(root, ...entry.name.split("/").slice(1));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const pieces: Buffer[] = [];
    for await (const bytes of entry.data) pieces.push(bytes);
    await writeSynced(path, Buffer.concat(pieces), entry.mode);
    options.progress({ name: entry.name, rows: 0 });
  }
}

async function restoreEvents(client: ClickHouseClient, options: RestoreOptions): Promise<number> {
  const tables = await listEventTables(client);
  if ((await countEvents(client, tables)) > 0)
    throw new AppError("conflict", "the ClickHouse database already holds events", { hint: "Use an empty database." });
  let events = 0;
  for await (const entry of entriesOf(options.path, options.passphrase, "events")) {
    const table = entry.name.split("/")[1]!;
    if (!tables.some((t) => t.name === table))
      throw new AppError("conflict", `the backup holds ${table}, which this version does not know`, {
        hint: "Restore it with the release that wrote it.",
      });
    let rows = 0;
    for await (const lines of wholeLines(entry.data, INSERT_BYTES)) {
      await writeEvents(client, table, entry.columns, lines);
      for (let at = lines.indexOf(0x0a); at >= 0; at = lines.indexOf(0x0a, at + 1)) rows++;
    }
    options.progress({ name: entry.name, rows });
    if (table === "runtime_events") events += rows;
  }
  return events;
}

/**
 * Restores a backup into an empty data directory (and, with external stores, empty databases). The whole file is checked before
 * anything is made; a restore that fails leaves nothing, and one that was killed leaves a directory that no Console starts on.
 */
export async function restoreBackup(deps: StoresDeps, options: RestoreOptions): Promise<RestoreSummary> {
  const { config } = deps;
  await assertEmpty(config.dataDir);
  const { header, manifest } = await verifyBackup(options.path, options.passphrase);
  const own = {
    postgresql: parseMigrations(deps.postgresMigrations),
    clickhouse: parseMigrations(deps.clickhouseMigrations),
  };
  const state = migrationsOf("PostgreSQL", own.postgresql, manifest.migrations.postgresql);
  const eventMigrations = migrationsOf("ClickHouse", own.clickhouse, manifest.migrations.clickhouse);
  const marker = dataPath(config, UNFINISHED_RESTORE);
  const accounts = await prepareEmbedded(config);
  await writeFile(marker, "", { mode: 0o600, flush: true });
  try {
    const target = await postgresTarget(deps, accounts);
    const sql = await openState(target.target, deps, state);
    await restoreState(sql, options, manifest, header.created_at, deps.clock.nowMs());
    let events = 0;
    if (manifest.events_since !== null) {
      const client = await openEvents((await clickhouseTarget(deps, accounts)).target, deps, eventMigrations);
      events = await restoreEvents(client, options);
    }
    await restoreTrust(config, options);
    await deps.stack[Symbol.asyncDispose]();
    await rm(marker);
    return {
      created_at: header.created_at,
      product_version: header.product_version,
      state_rows: Object.values(manifest.state).reduce((sum, t) => sum + t.rows, 0),
      events,
      keys: manifest.keys,
    };
  } catch (error) {
    await deps.stack[Symbol.asyncDispose]();
    for (const name of await readdir(config.dataDir))
      await rm(join(config.dataDir, name), { recursive: true, force: true });
    throw error;
  }
}
