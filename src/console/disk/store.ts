import type { Db, EventAdmin, EventDb } from "../stores/contract.ts";
import { insertAuditRecord } from "../audit/store.ts";
import { literal } from "../stores/ddl.ts";

/** A partition of events that may go. */
export interface OldPartition {
  readonly id: string;
  /** Its first day, YYYY-MM-DD. */
  readonly from: string;
  readonly rows: number;
  readonly bytes: number;
}

interface Gone {
  readonly tenant_id: string;
  readonly sensor_id: string;
  readonly node_name: string;
  readonly epoch: string;
  readonly events: number;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly from_us: number;
  readonly to_us: number;
}

export interface DiskStore {
  /** The oldest partition of events that holds none younger than this; undefined without one. */
  findOldest(beforeMs: number): Promise<OldPartition | undefined>;
  /** Drops it, writes what went into the loss ledger and into each tenant's audit log. */
  drop(partition: OldPartition, nowMs: number): Promise<void>;
}

/** Giving up old events for space. */
export function createDiskStore(deps: { db: Db; events: EventDb; admin: EventAdmin }): DiskStore {
  const { db, events, admin } = deps;
  return {
    async findOldest(beforeMs) {
      const rows = await events.selectSystem<{ id: string; from: string; rows: number; bytes: number }>(
        `SELECT partition_id AS id, partition AS from, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
         WHERE database = currentDatabase() AND table = 'runtime_events' AND active
         GROUP BY id, from HAVING rows > 0 ORDER BY from LIMIT 1`,
      );
      const found = rows[0];
      // A week: its last moment is seven days after its Monday.
      if (!found || !(Date.parse(found.from) + 7 * 86_400_000 <= beforeMs)) return undefined;
      return { id: found.id, from: found.from, rows: Number(found.rows), bytes: Number(found.bytes) };
    },

    async drop(partition, nowMs) {
      const gone = await events.selectSystem<Gone>(
        `SELECT tenant_id, sensor_id, any(node_name) AS node_name, epoch, count() AS events, min(seq) AS from_seq, max(seq) AS to_seq,
           toUnixTimestamp64Micro(min(observed_at)) AS from_us, toUnixTimestamp64Micro(max(observed_at)) AS to_us
         FROM runtime_events FINAL WHERE _partition_id = {id:String} GROUP BY tenant_id, sensor_id, epoch`,
        { id: partition.id },
      );
      const losses = gone.map((g) => ({
        tenant_id: g.tenant_id,
        sensor_id: g.sensor_id,
        node_name: g.node_name,
        stage: "store",
        cause: "disk_full",
        count: Number(g.events),
        unknown: 0,
        source: "range",
        epoch: g.epoch,
        from_seq: Number(g.from_seq),
        to_seq: Number(g.to_seq),
        from_at: Number(g.from_us),
        to_at: Number(g.to_us),
        recorded_at: nowMs,
      }));
      // Told before it happens: told twice it counts once, not told it would be a loss in silence. Without space even for that, after.
      const told = await events.insert("event_losses", losses).then(
        () => true,
        () => false,
      );
      await admin.command(`ALTER TABLE runtime_events DROP PARTITION ID ${literal(partition.id)}`);
      if (!told) await events.insert("event_losses", losses);
      const perTenant = new Map<string, number>();
      for (const g of gone) perTenant.set(g.tenant_id, (perTenant.get(g.tenant_id) ?? 0) + Number(g.events));
      for (const [tenantId, count] of perTenant)
        await db.tenant(tenantId, (tx) =>
          insertAuditRecord(
            tx,
            tenantId,
            {
              tenantId,
              actionType: "events_dropped_for_space",
              outcome: "success",
              detail: { week_from: partition.from, events: count },
            },
            new Date(nowMs),
          ),
        );
    },
  };
}
