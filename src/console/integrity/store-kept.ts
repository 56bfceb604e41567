import { RETENTION_DEFAULTS, type RetentionDays } from "../../core/api/settings.ts";
import type { Db } from "../stores/contract.ts";
import { HOUR_MS } from "./hours.ts";

const DAY_MS = 24 * HOUR_MS;
/** Events that end within so long are left behind when they move to another store; and a change of retention takes an hour at most. */
const SLACK_MS = 6 * HOUR_MS;

/** What the audit log says of how events may have gone. */
interface Deed {
  readonly action_type: "retention_changed" | "events_dropped_for_space" | "backup_restored";
  readonly created_at: Date;
  readonly detail: {
    readonly from?: Partial<RetentionDays>;
    readonly week_from?: string;
    readonly backup_of?: string;
    /** Null: none; "": all. */
    readonly events_since?: string | null;
  };
}

/** Up to when a deed may have taken events; NaN or undefined when it says nothing of that. */
function takenBefore({ action_type, created_at, detail }: Deed): number | undefined {
  switch (action_type) {
    case "retention_changed":
      return created_at.getTime() - Number(detail.from?.events) * DAY_MS + SLACK_MS;
    case "events_dropped_for_space":
      return Date.parse(detail.week_from ?? "") + 7 * DAY_MS;
    case "backup_restored":
      return Date.parse((detail.events_since === null ? detail.backup_of : detail.events_since) ?? "");
  }
}

/**
 * The time (milliseconds since 1970) from which on nothing that this Console does lets go of a tenant's events: what retention takes,
 * now and before it was changed, what a full disk took, and what a backup was restored without, all lies before it.
 */
export async function findKeptFrom(db: Db, tenantId: string, nowMs: number): Promise<number> {
  const [days, deeds] = await db.system(async (tx) => {
    const [setting] = await tx<{ value: RetentionDays }[]>`
      SELECT value FROM settings WHERE tenant_id = ${tenantId} AND name = 'retention'`;
    // A restore stands in the first tenant's log, and is everybody's.
    const rows = await tx<Deed[]>`
      SELECT action_type, created_at, detail FROM audit_records
      WHERE tenant_id = ${tenantId} AND action_type IN ('retention_changed', 'events_dropped_for_space') AND outcome = 'success'
      UNION ALL
      SELECT action_type, created_at, detail FROM audit_records
      WHERE tenant_id = (SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1)
        AND action_type = 'backup_restored' AND outcome = 'success'`;
    return [setting?.value ?? RETENTION_DEFAULTS, rows] as const;
  });
  let keptFrom = nowMs - days.events * DAY_MS + SLACK_MS;
  for (const deed of deeds) {
    const before = takenBefore(deed);
    if (before !== undefined && before > keptFrom) keptFrom = before;
  }
  // A deed of a clock that was ahead.
  return Math.min(keptFrom, nowMs);
}
