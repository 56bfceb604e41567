import type { Sql, TransactionSql } from "postgres";
import { AppError } from "../../core/error.ts";

/** A table of the state, as far as moving its rows needs to know it. */
export interface StateTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly key: readonly string[];
  /** Tables its rows point to. */
  readonly references: readonly string[];
}

/** A row: each column as PostgreSQL writes it, which reads back as exactly the same value. */
export type StateRow = readonly (string | null)[];

/** Count and an order-free hash: equal on two servers when the rows are. */
export interface Fingerprint {
  readonly rows: number;
  readonly hash: string;
}

/** Made by whoever moves rows; holds no state of the Console. */
export const MARKER_TABLE = "store_copy";
const NOT_STATE = ["schema_migrations", MARKER_TABLE];
const FETCH_ROWS = 200;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Everything the transaction does is allowed to see all tenants, and times are written in UTC. */
export async function seeAll(tx: TransactionSql): Promise<void> {
  await tx`SELECT set_config('telovix.system', 'on', true), set_config('timezone', 'UTC', true),
                  set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),
                  set_config('idle_in_transaction_session_timeout', '0', true)`;
}

/** Tables of the schema, those first that others point to. */
export async function listStateTables(sql: Sql | TransactionSql): Promise<readonly StateTable[]> {
  const rows = await sql<{ name: string; columns: string[]; types: string[]; key: string[]; refs: string[] }[]>`
    SELECT c.relname AS name,
           array_agg(a.attname::text ORDER BY a.attnum) AS columns,
           array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
           coalesce((SELECT array_agg(k.attname::text ORDER BY k.attnum) FROM pg_index i
                     JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
                     WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key,
           coalesce((SELECT array_agg(DISTINCT f.confrelid::regclass::text) FROM pg_constraint f
                     WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid), '{}') AS refs
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relname = ANY (${NOT_STATE})
    GROUP BY c.oid, c.relname ORDER BY c.relname`;
  const waiting = rows.map((row): StateTable => ({
    name: row.name,
    columns: row.columns.map((name, i) => ({ name, type: row.types[i]! })),
    key: row.key,
    references: row.refs.map((name) => name.replaceAll('"', "")),
  }));
  const sorted: StateTable[] = [];
  while (waiting.length > 0) {
    const open = new Set(waiting.map((t) => t.name));
    const index = waiting.findIndex((t) => !t.references.some((name) => open.has(name)));
    if (index < 0) throw new AppError("internal", `the tables ${[...open].join(", ")} point at each other`);
    sorted.push(...waiting.splice(index, 1));
  }
  return sorted;
}

const texts = (table: StateTable): string => table.columns.map((c) => `${quote(c.name)}::text`).join(", ");

/** Rows of a table in the order of its key, a few hundred at a time. The transaction must see all tenants. */
export async function* readState(tx: TransactionSql, table: StateTable): AsyncGenerator<readonly StateRow[]> {
  const order = table.key.length > 0 ? ` ORDER BY ${table.key.map(quote).join(", ")}` : "";
  await tx.unsafe(
    `DECLARE copy_rows NO SCROLL CURSOR FOR SELECT to_json(ARRAY[${texts(table)}])::text AS r FROM ${quote(table.name)}${order}`,
  );
  try {
    for (;;) {
      const rows = await tx.unsafe<{ r: string }[]>(`FETCH ${FETCH_ROWS} FROM copy_rows`);
      if (rows.length === 0) return;
      yield rows.map((row) => JSON.parse(row.r) as StateRow);
    }
  } finally {
    await tx.unsafe("CLOSE copy_rows").catch(() => undefined);
  }
}

/** Inserts rows as they were read; what is there already stays as it is. Answers how many were new. */
export async function writeState(tx: TransactionSql, table: StateTable, rows: readonly StateRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { columns } = table;
  const names = columns.map((c) => quote(c.name)).join(", ");
  const values = columns.map((c, i) => `u.c${i}::${c.type}`).join(", ");
  const vectors = columns.map((_, i) => `$${i + 1}::text[]`).join(", ");
  const aliases = columns.map((_, i) => `c${i}`).join(", ");
  const result = await tx.unsafe(
    `INSERT INTO ${quote(table.name)} (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${values} FROM unnest(${vectors}) AS u (${aliases}) ON CONFLICT DO NOTHING`,
    columns.map((_, i) => rows.map((row) => row[i] ?? null)) as never,
  );
  return result.count;
}

/** What a table holds, in two figures. */
export async function fingerprintState(tx: TransactionSql, table: StateTable): Promise<Fingerprint> {
  const row = `md5(array_to_string(ARRAY[${texts(table)}], E'\\x1f', E'\\x1e'))`;
  const [found] = await tx.unsafe<{ rows: string; hash: string }[]>(
    `SELECT count(*)::text AS rows, coalesce(sum(('x' || left(${row}, 15))::bit(60)::bigint), 0)::text AS hash FROM ${quote(table.name)}`,
  );
  return { rows: Number(found!.rows), hash: found!.hash };
}

/** Where each sequence stands; undefined when it was never used. */
export async function readSequences(tx: TransactionSql): Promise<Record<string, string>> {
  const rows = await tx<{ name: string; last: string }[]>`
    SELECT sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL`;
  return Object.fromEntries(rows.map((r) => [r.name, r.last]));
}

/** Moves sequences on to where they stood; numbers given once are not given again. */
export async function writeSequences(tx: TransactionSql, sequences: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, last] of Object.entries(sequences))
    await tx`SELECT setval(to_regclass(${quote(name)}), ${last}::text::bigint, true) WHERE to_regclass(${quote(name)}) IS NOT NULL`;
}

/** Versions of the migrations a database has, with the hash of each. */
export async function appliedMigrations(
  sql: Sql | TransactionSql,
): Promise<readonly { version: number; name: string; sha256: string }[]> {
  const [there] = await sql<{ there: boolean }[]>`SELECT to_regclass('schema_migrations') IS NOT NULL AS there`;
  if (!there?.there) return [];
  return [
    ...(await sql<{ version: number; name: string; sha256: string }[]>`
    SELECT version, name, sha256 FROM schema_migrations ORDER BY version`),
  ];
}

/** True when somebody has set the Console up on this database. */
export async function holdsInstallation(tx: TransactionSql): Promise<boolean> {
  return (await tx`SELECT FROM tenants LIMIT 1`).length > 0;
}

/** Takes out what migrations put into tables, so that they can be filled as they were elsewhere. */
export async function clearState(tx: TransactionSql, tables: readonly StateTable[]): Promise<void> {
  for (const table of tables.toReversed()) await tx.unsafe(`DELETE FROM ${quote(table.name)}`);
}

/** What an unfinished copy into this database said of its source; undefined without one. */
export async function findMarker(sql: Sql | TransactionSql): Promise<string | undefined> {
  const [there] = await sql<{ there: boolean }[]>`SELECT to_regclass('store_copy') IS NOT NULL AS there`;
  if (!there?.there) return undefined;
  const [row] = await sql<{ source: string }[]>`SELECT source FROM store_copy`;
  return row?.source;
}

/** Notes that a copy from this source is under way here. */
export async function setMarker(tx: TransactionSql, source: string): Promise<void> {
  await tx`CREATE TABLE IF NOT EXISTS store_copy (source text NOT NULL, started_at timestamptz NOT NULL DEFAULT now())`;
  await tx`INSERT INTO store_copy (source) SELECT ${source}::text WHERE NOT EXISTS (SELECT FROM store_copy)`;
}

/** Takes the note away: the copy is whole. */
export async function dropMarker(sql: Sql): Promise<void> {
  await sql`DROP TABLE IF EXISTS store_copy`;
}
