import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Sql, TransactionSql } from "postgres";
import { AppError } from "../../core/error.ts";
import {
  appliedEventMigrations,
  countRows,
  listEventTables,
  listPartitions,
  readEvents,
  type EventTable,
} from "../store-migrate/store-events.ts";
import {
  appliedMigrations,
  fingerprintState,
  listStateTables,
  readSequences,
  readState,
  seeAll,
  type Fingerprint,
} from "../store-migrate/store-state.ts";
import { FORMAT, type Manifest } from "./manifest.ts";
import { newRecipe } from "./seal.ts";
import { recordBackup } from "./store-records.ts";
import { BackupWriter } from "./writer.ts";

/** Tables whose rows are of no use, or of harm, in another life: whoever was signed in then signs in again; hosts say who they are. */
const LEFT_OUT = new Set(["sessions", "console_hosts"]);
const MAX_TRUST_FILE_BYTES = 1024 * 1024;

export interface BackupOptions {
  /** Where to write; must not be there yet. */
  readonly path: string;
  /** `<dataDir>/trust`; undefined: without keys. */
  readonly trustDir: string | undefined;
  /** Undefined: the file can be read by whoever has it. */
  readonly passphrase: string | undefined;
  readonly state: Sql;
  /** Undefined: without events. */
  readonly events: { readonly client: ClickHouseClient; readonly sinceMs: number | undefined } | undefined;
  readonly productVersion: string;
  readonly nowMs: () => number;
  readonly progress: (entry: { name: string; rows: number; bytes: number }) => void;
}

/** What was written. */
export interface BackupSummary {
  readonly path: string;
  readonly size_bytes: number;
  readonly encrypted: boolean;
  readonly keys: boolean;
  readonly tables: number;
  readonly state_rows: number;
  readonly events: number;
}

async function writeTrust(writer: BackupWriter, dir: string): Promise<void> {
  const names = (await readdir(dir, { recursive: true })).toSorted();
  for (const name of names) {
    const path = join(dir, name);
    const stat = await lstat(path);
    if (!stat.isFile() || name.split("/").some((part) => part.startsWith("."))) continue;
    if (stat.size > MAX_TRUST_FILE_BYTES)
      throw new AppError("too_large", `${path} does not belong into the trust directory`, { hint: "Move it away." });
    await writer.start({ name: `trust/${name}`, mode: stat.mode & 0o777 });
    await writer.data(await readFile(path), 0);
    await writer.end();
  }
}

async function writeTables(writer: BackupWriter, tx: TransactionSql): Promise<Record<string, Fingerprint>> {
  const found: Record<string, Fingerprint> = {};
  for (const table of await listStateTables(tx)) {
    if (LEFT_OUT.has(table.name)) continue;
    found[table.name] = await fingerprintState(tx, table);
    await writer.start({ name: `state/${table.name}`, columns: table.columns.map((c) => c.name) });
    for await (const rows of readState(tx, table))
      await writer.data(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")), rows.length);
    await writer.end();
  }
  return found;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

/** An answer that breaks off ends with words of the server instead of a row, and short: it must not pass for the whole. */
function assertWhole({ name, columns }: EventTable, last: Buffer, rows: number, expected: number): void {
  const line = last.subarray(last.lastIndexOf(0x0a, last.length - 2) + 1);
  let fields = 1;
  for (let at = line.indexOf(0x09); at >= 0; at = line.indexOf(0x09, at + 1)) fields++;
  if (fields === columns.length && line.at(-1) === 0x0a && rows >= expected) return;
  throw new AppError("unavailable", `ClickHouse did not give all rows of ${name}: ${rows} of ${expected}`, {
    hint: "Look at its log and at the space on its disk, then run the backup again.",
  });
}

async function writeEventTables(
  writer: BackupWriter,
  client: ClickHouseClient,
  sinceMs: number | undefined,
): Promise<number> {
  let total = 0;
  for (const table of await listEventTables(client)) {
    for (const partitionId of await listPartitions(client, table.name)) {
      const slice = {
        table,
        partitionId,
        endsAfterSecs: 0,
        ...(sinceMs === undefined ? {} : { fromSecs: Math.floor(sinceMs / 1000) }),
      };
      const expected = await countRows(client, { ...slice, day: "" });
      if (expected === 0) continue;
      await writer.start({ name: `events/${table.name}/${partitionId}`, columns: [...table.columns] });
      let last: Buffer = Buffer.alloc(0);
      for await (const lines of readEvents(client, { ...slice, day: "" })) {
        await writer.data(lines, countLines(lines));
        last = lines;
      }
      await writer.end();
      assertWhole(table, last, writer.entries.at(-1)!.rows, expected);
      if (table.name === "runtime_events") total += writer.entries.at(-1)!.rows;
    }
  }
  return total;
}

/**
 * Writes a backup. The state is one snapshot, taken first: events that come while it is written are in it or stay with the sensors'
 * cursors behind them, so that none can be lost or doubled by it.
 */
export async function createBackup(options: BackupOptions): Promise<BackupSummary> {
  const { path, passphrase, state, events, nowMs } = options;
  const header = {
    format: FORMAT,
    product_version: options.productVersion,
    created_at: new Date(nowMs()).toISOString(),
    ...(passphrase === undefined ? {} : { encryption: newRecipe() }),
  };
  await using writer = await BackupWriter.create(path, header, passphrase);
  const told = async (write: () => Promise<void>): Promise<void> => {
    const before = writer.entries.length;
    await write();
    for (const entry of writer.entries.slice(before)) options.progress(entry);
  };
  let tables: Record<string, Fingerprint> = {};
  let sequences: Record<string, string> = {};
  let migrations: Manifest["migrations"]["postgresql"] = [];
  await state.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY", async (tx) => {
    await seeAll(tx);
    migrations = [...(await appliedMigrations(tx))];
    await told(async () => {
      tables = await writeTables(writer, tx);
    });
    sequences = await readSequences(tx);
  });
  const { trustDir } = options;
  if (trustDir !== undefined) await told(() => writeTrust(writer, trustDir));
  let count = 0;
  if (events)
    await told(async () => {
      count = await writeEventTables(writer, events.client, events.sinceMs);
    });
  const since = events?.sinceMs;
  await writer.finish({
    migrations: {
      postgresql: migrations,
      clickhouse: events ? [...(await appliedEventMigrations(events.client))] : [],
    },
    sequences,
    state: tables,
    keys: trustDir !== undefined,
    events_since: events ? (since === undefined ? "" : new Date(since).toISOString()) : null,
    finished_at: new Date(nowMs()).toISOString(),
  });
  const summary: BackupSummary = {
    path,
    size_bytes: writer.sizeBytes,
    encrypted: passphrase !== undefined,
    keys: trustDir !== undefined,
    tables: Object.keys(tables).length,
    state_rows: Object.values(tables).reduce((sum, t) => sum + t.rows, 0),
    events: count,
  };
  await recordBackup(state, summary, new Date(nowMs()));
  return summary;
}
