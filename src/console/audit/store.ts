import type { JSONValue } from "postgres";
import type { AuditRecord } from "../../core/api/audit.ts";
import type { Db, Tx } from "../stores/contract.ts";
import type { AuditEntry } from "./contract.ts";
import { storable, storableText } from "./storable.ts";

interface Row {
  readonly audit_id: number | string;
  readonly created_at: Date;
  readonly action_type: string;
  readonly outcome: "success" | "failure";
  readonly actor_email: string | null;
  readonly sensor_id: string | null;
  readonly detail: Record<string, unknown>;
  readonly client_ip: string | null;
  readonly user_agent: string | null;
}

export interface AuditStore {
  /** False when the entry has no tenant and the installation has none either: nothing was written. */
  insert(entry: AuditEntry, at: Date): Promise<boolean>;
  /** Newest first, below `before`. */
  list(tenantId: string, query: { limit: number; before: string | undefined }): Promise<AuditRecord[]>;
}

const text = (value: string | undefined): string | null => (value === undefined ? null : storableText(value, 256));

/** Inserts a record inside a transaction that may see its tenant, so that deed and record stand or fall together. */
export async function insertAuditRecord(tx: Tx, tenantId: string, entry: AuditEntry, at: Date): Promise<void> {
  await tx`INSERT INTO audit_records
    (tenant_id, created_at, action_type, outcome, actor_email, sensor_id, detail, client_ip, user_agent)
    VALUES (${tenantId}, ${at}, ${entry.actionType}, ${entry.outcome}, ${text(entry.actorEmail)}, ${entry.sensorId ?? null},
            ${tx.json(storable(entry.detail) as JSONValue)}, ${text(entry.clientIp)}, ${text(entry.userAgent)})`;
}

/** Audit records in PostgreSQL. */
export function createAuditStore(deps: { db: Db }): AuditStore {
  const { db } = deps;
  return {
    insert: (entry, at) => {
      const { tenantId } = entry;
      if (tenantId !== undefined)
        return db.tenant(tenantId, async (tx) => {
          await insertAuditRecord(tx, tenantId, entry, at);
          return true;
        });
      return db.system(async (tx) => {
        const [first] = await tx<
          { tenant_id: string }[]
        >`SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1`;
        if (first) await insertAuditRecord(tx, first.tenant_id, entry, at);
        return first !== undefined;
      });
    },

    list: (tenantId, { limit, before }) =>
      db.tenant(tenantId, async (tx) => {
        const rows = await tx<Row[]>`
          SELECT audit_id, created_at, action_type, outcome, actor_email, sensor_id, detail, client_ip, user_agent
          FROM audit_records
          WHERE ${before === undefined ? tx`true` : tx`audit_id < ${before}::bigint`}
          ORDER BY audit_id DESC LIMIT ${limit}`;
        return rows.map((row) => ({
          ...row,
          audit_id: String(row.audit_id),
          created_at: row.created_at.toISOString(),
        }));
      }),
  };
}
