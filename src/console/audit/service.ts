import type { AuditPage } from "../../core/api/audit.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { AuditEntry, AuditLog } from "./contract.ts";
import type { AuditStore } from "./store.ts";

export interface AuditQuery {
  readonly limit?: number | undefined;
  /** audit_id of the last record of the page before. */
  readonly cursor?: string | undefined;
}

/** The audit log as it is read. */
export interface AuditService {
  /** Newest first; 50 records unless told. */
  list(tenantId: string, query: AuditQuery): Promise<AuditPage>;
}

const DEFAULT_LIMIT = 50;
/** bigint's largest. */
const MAX_ID = 2n ** 63n - 1n;

/**
 * The audit log on its store. A record that cannot be stored is written to the Console's log in full and counted, and the caller
 * gets the error: nothing is lost without a trace.
 */
export function createAuditLog(deps: {
  store: AuditStore;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}): AuditLog & AuditService {
  const log = deps.log.child("audit");
  const count = deps.metrics.counter("telovix_console_audit_records_total", "Audit records by where they went.");
  const spoken = (entry: AuditEntry): Record<string, unknown> => ({ ...entry });
  return {
    async record(entry) {
      let stored: boolean;
      try {
        stored = await deps.store.insert(entry, new Date(deps.clock.nowMs()));
      } catch (error) {
        count(1, { to: "failed" });
        log.error("an audit record could not be stored", { record: spoken(entry), error });
        throw error;
      }
      count(1, { to: stored ? "stored" : "log" });
      if (!stored) log.warn("audit record before there is a tenant", { record: spoken(entry) });
    },

    async list(tenantId, { limit = DEFAULT_LIMIT, cursor }) {
      if (cursor !== undefined && (!/^[1-9]\d{0,18}$/.test(cursor) || BigInt(cursor) > MAX_ID))
        throw new AppError("invalid_request", "/cursor: is not a cursor of this list", { pointer: "/cursor" });
      const rows = await deps.store.list(tenantId, { limit: limit + 1, before: cursor });
      const records = rows.slice(0, limit);
      return { records, next_cursor: rows.length > limit ? records.at(-1)!.audit_id : null };
    },
  };
}
