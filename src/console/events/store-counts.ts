import type { EventDb } from "../stores/contract.ts";
import type { TimeRange } from "./filter.ts";
import { isLateSql, type ClockChanges } from "./late-sql.ts";
import { explainQueryError, QUERY_SETTINGS, QUERY_TIMEOUT_MS } from "./limits.ts";
import { SLOT_SECS } from "./slots.ts";

/** Events of one severity within one slot. Seconds since 1970. */
export interface SlotCount {
  readonly slot: number;
  readonly severity: string;
  /** Each event once. */
  readonly events: number;
  readonly late: number;
}

/** What stands in the event table, and what was counted of it. */
export interface SlotState {
  readonly slot: number;
  readonly severity: string;
  /** Rows, a re-delivered event's twice, and the sum of their numbers in decimal: as long as both stay, so does the count. */
  readonly rows: number;
  readonly seqs: string;
  /** The count, when it is of these very rows. */
  readonly counted: { readonly events: number; readonly late: number } | undefined;
}

/** Events counted by slots beforehand. */
export interface CountStore {
  /** Tenants with events. */
  listTenants(): Promise<string[]>;
  /** Slots of a range that hold anything, in order of time. */
  listSlots(tenantId: string, range: TimeRange, signal?: AbortSignal): Promise<SlotState[]>;
  /** Counts slots that lie within a range anew, each event once. */
  count(tenantId: string, slots: readonly number[], signal?: AbortSignal): Promise<SlotCount[]>;
  save(
    tenantId: string,
    counts: readonly (SlotCount & Pick<SlotState, "rows" | "seqs">)[],
    atMs: number,
  ): Promise<void>;
}

type Numeric = number | string;
const SLOT = "toStartOfFiveMinutes(observed_at)";
const TIMES = "fromUnixTimestamp({from_secs:Int64}) AND slot < fromUnixTimestamp({to_secs:Int64})";

/** Counts in ClickHouse, by clocks as `createEventStore` takes them; rows of a slot are told by the projection `by_slot`, whose words these queries must use. */
export function createCountStore(deps: { events: EventDb; clocks?: ClockChanges }): CountStore {
  const { events, clocks } = deps;
  const select = async <Row>(
    tenantId: string,
    sql: string,
    params: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Row[]> => {
    try {
      const options = { timeoutMs: QUERY_TIMEOUT_MS, ...(signal ? { signal } : {}) };
      return await events.select<Row>(tenantId, sql, params, options);
    } catch (error) {
      throw explainQueryError(error, signal);
    }
  };
  return {
    async listTenants() {
      const rows = await events.selectSystem<{ tenant_id: string }>(
        "SELECT tenant_id FROM runtime_events GROUP BY tenant_id",
      );
      return rows.map((row) => row.tenant_id);
    },

    async listSlots(tenantId, range, signal) {
      const rows = await select<{
        at: Numeric;
        severity: string;
        n: Numeric;
        seqs: string;
        same: Numeric;
        events: Numeric;
        late: Numeric;
      }>(
        tenantId,
        `SELECT toUnixTimestamp(slot) AS at, severity, n, toString(s) AS seqs, c.rows = n AND c.seqs = s AS same, c.events AS events, c.late AS late
         FROM (
           SELECT ${SLOT} AS slot, severity, count() AS n, sum(seq) AS s FROM runtime_events
           WHERE tenant_id = {tenant_id:UUID} AND slot >= ${TIMES} GROUP BY slot, severity
         ) AS r
         LEFT JOIN (
           SELECT slot, severity, rows, seqs, events, late FROM event_counts FINAL
           WHERE tenant_id = {tenant_id:UUID} AND slot >= ${TIMES}
         ) AS c USING (slot, severity)
         ORDER BY at SETTINGS ${QUERY_SETTINGS}`,
        { from_secs: range.fromUs / 1e6, to_secs: range.toUs / 1e6 },
        signal,
      );
      return rows.map((row) => ({
        slot: Number(row.at),
        severity: row.severity,
        rows: Number(row.n),
        seqs: row.seqs,
        counted: Number(row.same) === 1 ? { events: Number(row.events), late: Number(row.late) } : undefined,
      }));
    },

    async count(tenantId, slots, signal) {
      const changes = (await clocks?.(tenantId)) ?? [];
      const rows = await select<{ at: Numeric; severity: string; n: Numeric; late: Numeric }>(
        tenantId,
        `SELECT toUnixTimestamp(${SLOT}) AS at, severity, count() AS n,
           countIf(${isLateSql(changes)}) AS late
         FROM runtime_events FINAL
         WHERE tenant_id = {tenant_id:UUID} AND observed_at >= fromUnixTimestamp({from_secs:Int64})
           AND observed_at < fromUnixTimestamp({to_secs:Int64}) AND has({slots:Array(Int64)}, toInt64(at))
         GROUP BY at, severity
         SETTINGS ${QUERY_SETTINGS}, do_not_merge_across_partitions_select_final = 1`,
        { slots, from_secs: slots[0]!, to_secs: slots.at(-1)! + SLOT_SECS },
        signal,
      );
      return rows.map((row) => ({
        slot: Number(row.at),
        severity: row.severity,
        events: Number(row.n),
        late: Number(row.late),
      }));
    },

    async save(tenantId, counts, atMs) {
      const rows = counts.map((count) => ({ tenant_id: tenantId, ...count, counted_at: atMs }));
      await events.insert("event_counts", rows);
    },
  };
}
