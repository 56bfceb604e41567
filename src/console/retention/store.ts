import type { JSONValue } from "postgres";
import { insertAuditRecord } from "../audit/store.ts";
import type { AuditEntry } from "../audit/contract.ts";
import type { RetentionDays, StoredTable } from "../../core/api/settings.ts";
import type { Db, EventAdmin, EventDb } from "../stores/contract.ts";
import { identifier } from "../stores/ddl.ts";

const NAME = "retention";

export interface TenantDays {
  readonly tenantId: string;
  /** Undefined: as by default. */
  readonly days: RetentionDays | undefined;
}

/** How a table lets go of its rows now. */
export interface TableExpiry {
  readonly table: string;
  /** As ClickHouse writes it; undefined: never. */
  readonly ttl: string | undefined;
  readonly wholeParts: boolean;
}

export interface RetentionStore {
  find(tenantId: string): Promise<RetentionDays | undefined>;
  /** Sets and records it, both or neither. */
  set(tenantId: string, days: RetentionDays, entry: AuditEntry, at: Date): Promise<void>;
  listTenants(): Promise<readonly TenantDays[]>;
  findLastBackup(): Promise<Date | undefined>;
  listExpiries(): Promise<readonly TableExpiry[]>;
  setExpiry(expiry: TableExpiry & { readonly ttl: string }): Promise<void>;
  listTables(): Promise<readonly StoredTable[]>;
  /** Bytes on disk of events a day, over the last seven whole days; undefined without events. */
  bytesPerDay(): Promise<number | undefined>;
}

/** First and last day of a partition by its name: a Monday, or a month as 202611. */
function daysOf(partition: string): { from: string; to: string } {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const month = /^(\d{4})(\d\d)$/.exec(partition);
  if (month) {
    const [year, number] = [Number(month[1]), Number(month[2])];
    return { from: day(Date.UTC(year, number - 1, 1)), to: day(Date.UTC(year, number, 0)) };
  }
  if (!/^\d{4}-\d\d-\d\d$/.test(partition)) return { from: "", to: "" };
  return { from: partition, to: day(Date.parse(partition) + 6 * 86_400_000) };
}

/** Retention in PostgreSQL, and what ClickHouse makes of it. `admin` is absent where somebody else keeps the tables. */
export function createRetentionStore(deps: { db: Db; events: EventDb; admin: EventAdmin | undefined }): RetentionStore {
  const { db, events, admin } = deps;
  return {
    find: (tenantId) =>
      db.tenant(tenantId, async (tx) => {
        const [row] = await tx<{ value: RetentionDays }[]>`SELECT value FROM settings WHERE name = ${NAME}`;
        return row?.value;
      }),

    set: (tenantId, days, entry, at) =>
      db.tenant(tenantId, async (tx) => {
        await tx`INSERT INTO settings (tenant_id, name, value, updated_at)
          VALUES (${tenantId}, ${NAME}, ${tx.json(days as JSONValue)}, ${at})
          ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`;
        await insertAuditRecord(tx, tenantId, entry, at);
      }),

    listTenants: () =>
      db.system(async (tx) => {
        const rows = await tx<{ tenant_id: string; value: RetentionDays | null }[]>`
          SELECT t.tenant_id, s.value FROM tenants t
          LEFT JOIN settings s ON s.tenant_id = t.tenant_id AND s.name = ${NAME} ORDER BY t.created_at, t.tenant_id`;
        return rows.map((r) => ({ tenantId: r.tenant_id, days: r.value ?? undefined }));
      }),

    findLastBackup: () =>
      db.system(async (tx) => {
        const [row] = await tx<{ created_at: Date }[]>`
          SELECT created_at FROM audit_records
          WHERE action_type = 'backup_created'
            AND tenant_id = (SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1)
          ORDER BY audit_id DESC LIMIT 1`;
        return row?.created_at;
      }),

    async listExpiries() {
      const rows = await events.selectSystem<{ name: string; full: string }>(
        "SELECT name, engine_full AS full FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
      );
      return rows.map(({ name, full }) => ({
        table: name,
        ttl: /\sTTL (.+?)(?: SETTINGS |$)/s.exec(full)?.[1],
        wholeParts: /ttl_only_drop_parts = 1\b/.test(full),
      }));
    },

    async setExpiry({ table, ttl, wholeParts }) {
      if (!admin) return;
      await admin.command(
        `ALTER TABLE ${identifier(table)} MODIFY SETTING ttl_only_drop_parts = ${wholeParts ? 1 : 0}`,
      );
      await admin.command(`ALTER TABLE ${identifier(table)} MODIFY TTL ${ttl}`);
    },

    async listTables() {
      const rows = await events.selectSystem<{ name: string; partition: string; rows: number; bytes: number }>(
        `SELECT table AS name, partition, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
         WHERE database = currentDatabase() AND active GROUP BY name, partition ORDER BY name, partition DESC`,
      );
      const tables = new Map<string, StoredTable & { partitions: StoredTable["partitions"][number][] }>();
      for (const { name, partition, ...size } of rows) {
        const [count, bytes] = [Number(size.rows), Number(size.bytes)];
        const table = tables.get(name) ?? { name, rows: 0, bytes: 0, partitions: [] };
        table.partitions.push({ ...daysOf(partition), rows: count, bytes });
        tables.set(name, { ...table, rows: table.rows + count, bytes: table.bytes + bytes });
      }
      return [...tables.values()].toSorted((a, b) => b.bytes - a.bytes);
    },

    async bytesPerDay() {
      const [row] = await events.selectSystem<{ recent: number; first: number; rows: number; bytes: number }>(
        `SELECT
           (SELECT count() FROM runtime_events WHERE observed_at >= toStartOfDay(now()) - INTERVAL 7 DAY AND observed_at < toStartOfDay(now())) AS recent,
           (SELECT dateDiff('day', greatest(min(observed_at), toStartOfDay(now()) - INTERVAL 7 DAY), toStartOfDay(now())) FROM runtime_events) AS first,
           sum(rows) AS rows, sum(bytes_on_disk) AS bytes
         FROM system.parts WHERE database = currentDatabase() AND table = 'runtime_events' AND active`,
      );
      const rows = Number(row?.rows ?? 0);
      if (!row || rows === 0 || Number(row.recent) === 0) return undefined;
      return (Number(row.recent) / Math.max(1, Number(row.first))) * (Number(row.bytes) / rows);
    },
  };
}
