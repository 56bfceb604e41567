import { AppError } from "../../core/error.ts";
import type { EventDb } from "../stores/contract.ts";
import { toMessages } from "./messages.ts";
import type { QueueProducer } from "./producer.ts";
import { isQueued, QUEUED } from "./topics.ts";

/**
 * The event store as ingest sees it when a Kafka cluster stands before ClickHouse: rows are durable once the cluster has them, and
 * ClickHouse may be away meanwhile. What comes twice is one row in ClickHouse, by its key.
 */
export function queueEvents(events: EventDb, producer: QueueProducer): EventDb {
  /** Only asked for what is stored above a cursor. Without an answer more may come again than had to; nothing gets lost by it. */
  const unlessAway = async <Row>(rows: Promise<Row[]>): Promise<Row[]> => {
    try {
      return await rows;
    } catch (error) {
      if (error instanceof AppError && error.code === "unavailable") return [];
      throw error;
    }
  };
  return {
    deferred: true,
    select: (tenantId, sql, params, options) => unlessAway(events.select(tenantId, sql, params, options)),
    selectSystem: (sql, params) => unlessAway(events.selectSystem(sql, params)),
    async insert(table, rows) {
      if (rows.length === 0) return;
      if (isQueued(table)) await producer.send(QUEUED[table], toMessages(rows));
      else await events.insert(table, rows);
    },
    async insertEvents(parts) {
      const rows = parts.flatMap((part) => part.rows());
      if (rows.length > 0) await producer.send(QUEUED.runtime_events, toMessages(rows));
    },
    ping: () => producer.ping(),
  };
}
