import type { Sql, TransactionSql } from "postgres";
import { insertAuditRecord } from "../audit/store.ts";

async function record(tx: TransactionSql, actionType: string, detail: object, at: Date): Promise<void> {
  const [first] = await tx<{ tenant_id: string }[]>`
    SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1`;
  if (!first) return;
  const entry = { tenantId: first.tenant_id, actionType, outcome: "success", detail: { ...detail } } as const;
  await insertAuditRecord(tx, first.tenant_id, entry, at);
}

/** Notes a backup in the audit log of the first tenant: it holds everybody's state. */
export async function recordBackup(sql: Sql, summary: object, at: Date): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`SELECT set_config('telovix.system', 'on', true)`;
    await record(tx, "backup_created", summary, at);
  });
}

/** Notes a restore, in the transaction that it is made in: what came after the backup is missing from this log. */
export const recordRestore = (tx: TransactionSql, detail: object, at: Date): Promise<void> =>
  record(tx, "backup_restored", detail, at);
