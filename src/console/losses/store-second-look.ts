import { findIslands, ofLane } from "../ingest/store-ranges.ts";
import { SeqRanges, type SeqRange } from "../ingest/seq-ranges.ts";
import type { LossRow } from "../ingest/store.ts";
import type { CountedLoss } from "./recorder.ts";
import type { EventDb } from "../stores/contract.ts";
import { LOST } from "./sql.ts";

type Stored = Omit<LossRow, "from_at" | "to_at" | "recorded_at"> & { from_us: number; to_us: number; at_ms: number };

const COLUMNS = `tenant_id, sensor_id, node_name, stage, cause, count, unknown, source, epoch, from_seq, to_seq,
  toUnixTimestamp64Micro(from_at) AS from_us, toUnixTimestamp64Micro(to_at) AS to_us, toUnixTimestamp64Milli(recorded_at) AS at_ms`;

const rowOf = ({ from_us, to_us, at_ms, ...row }: Stored): LossRow => ({
  ...row,
  count: Number(row.count),
  from_seq: Number(row.from_seq),
  to_seq: Number(row.to_seq),
  from_at: Number(from_us),
  to_at: Number(to_us),
  recorded_at: Number(at_ms),
});

/** Rows of numbers that were written since a time (milliseconds since 1970), the newest first. */
export async function listRecent(events: EventDb, sinceMs: number, limit: number): Promise<LossRow[]> {
  const rows = await events.selectSystem<Stored>(
    `SELECT ${COLUMNS} FROM event_losses FINAL
     WHERE source != 'event' AND count > 0 AND recorded_at >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')
     ORDER BY recorded_at DESC LIMIT {row_limit:UInt32}`,
    { since_ms: sinceMs, row_limit: limit },
  );
  return rows.map(rowOf);
}

/** Of each sensor, what readers of a queue wrote of messages they could not read, in a span of time (milliseconds since 1970). */
export async function sumUnreadable(
  events: EventDb,
  written: { readonly afterMs: number; readonly toMs: number },
): Promise<CountedLoss[]> {
  const rows = await events.selectSystem<Omit<CountedLoss, "count"> & { lost: number }>(
    `SELECT toString(sensor_id) AS sensor_id, stage, cause, ${LOST} AS lost, sum(unknown) AS unknown, max(toUnixTimestamp64Micro(to_at)) AS to_at
     FROM event_losses FINAL
     WHERE source = 'queue' AND recorded_at > fromUnixTimestamp64Milli({after_ms:Int64}, 'UTC')
       AND recorded_at <= fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')
     GROUP BY sensor_id, stage, cause`,
    { after_ms: written.afterMs, to_ms: written.toMs },
  );
  return rows.map(({ lost, unknown, to_at, ...row }) => ({
    ...row,
    count: Number(lost),
    unknown: Number(unknown),
    to_at: Number(to_at),
  }));
}

const isBefore = (a: LossRow, b: LossRow): boolean =>
  a.recorded_at !== b.recorded_at ? a.recorded_at < b.recorded_at : a.from_seq < b.from_seq;

/** What of each row's numbers is accounted for elsewhere: stored as events, or in a row that was written before it. */
export async function findAccounted(events: EventDb, rows: readonly LossRow[]): Promise<SeqRange[][]> {
  const params: Record<string, unknown> = Object.create(null);
  for (const [i, row] of rows.entries()) {
    params[`t${i}`] = row.tenant_id;
    params[`s${i}`] = row.sensor_id;
    params[`e${i}`] = row.epoch;
    params[`f${i}`] = row.from_seq;
    params[`l${i}`] = row.to_seq;
  }
  const overlapping = rows.map((_, i) => `(${ofLane(i)} AND from_seq <= {l${i}:UInt64} AND to_seq >= {f${i}:UInt64})`);
  const [stored, ledger] = await Promise.all([
    findIslands(
      events,
      rows.map((row) => ({ ...row, first: row.from_seq, last: row.to_seq })),
    ),
    events.selectSystem<Stored>(
      `SELECT ${COLUMNS} FROM event_losses FINAL WHERE source != 'event' AND count > 0 AND (${overlapping.join(" OR ")})`,
      params,
    ),
  ]);
  const others = ledger.map(rowOf);
  return rows.map((row) => {
    const isSame = (of: { sensor_id: string; epoch: string }): boolean =>
      of.sensor_id === row.sensor_id && of.epoch === row.epoch;
    const events = stored.filter(isSame).map(({ first, last }): SeqRange => [Number(first), Number(last)]);
    const before = others.filter((other) => isSame(other) && isBefore(other, row));
    const ranges = [...events, ...before.map(({ from_seq, to_seq }): SeqRange => [from_seq, to_seq])];
    return new SeqRanges(ranges).between(row.from_seq, row.to_seq);
  });
}

/** Time of the first event behind each row's numbers in its own sequence and inside its time, microseconds since 1970; 0: none yet. */
export async function findBehind(events: EventDb, rows: readonly LossRow[]): Promise<number[]> {
  const params: Record<string, unknown> = Object.create(null);
  const parts = rows.map((row, i) => {
    params[`t${i}`] = row.tenant_id;
    params[`s${i}`] = row.sensor_id;
    params[`e${i}`] = row.epoch;
    params[`l${i}`] = row.to_seq;
    params[`u${i}`] = row.from_at;
    params[`v${i}`] = row.to_at;
    return `(SELECT ${i} AS i, toUnixTimestamp64Micro(observed_at) AS us FROM runtime_events
      WHERE ${ofLane(i)} AND seq > {l${i}:UInt64}
        AND observed_at BETWEEN fromUnixTimestamp64Micro({u${i}:Int64}, 'UTC') AND fromUnixTimestamp64Micro({v${i}:Int64}, 'UTC')
      ORDER BY seq LIMIT 1)`;
  });
  const found = await events.selectSystem<{ i: number; us: number }>(parts.join(" UNION ALL "), params);
  return rows.map((_, i) => Number(found.find((row) => row.i === i)?.us ?? 0));
}

/**
 * Time of the last event before each row's numbers, microseconds since 1970: of its own sequence, or else of any of its sensor's; 0
 * when there is none.
 */
export async function findBefore(events: EventDb, rows: readonly LossRow[]): Promise<number[]> {
  const params: Record<string, unknown> = Object.create(null);
  const parts = rows.flatMap((row, i) => {
    params[`t${i}`] = row.tenant_id;
    params[`s${i}`] = row.sensor_id;
    params[`e${i}`] = row.epoch;
    params[`f${i}`] = row.from_seq;
    params[`u${i}`] = row.to_at;
    const last = (own: 0 | 1, where: string): string =>
      `(SELECT ${i} AS i, ${own} AS own, toUnixTimestamp64Micro(observed_at) AS us FROM runtime_events
        WHERE ${where} AND observed_at < fromUnixTimestamp64Micro({u${i}:Int64}, 'UTC') ORDER BY observed_at DESC LIMIT 1)`;
    return [
      last(1, `${ofLane(i)} AND seq < {f${i}:UInt64}`),
      last(0, `tenant_id = {t${i}:UUID} AND sensor_id = {s${i}:UUID}`),
    ];
  });
  const found = await events.selectSystem<{ i: number; own: number; us: number }>(parts.join(" UNION ALL "), params);
  const of = (i: number, own: number): number | undefined => found.find((row) => row.i === i && row.own === own)?.us;
  return rows.map((_, i) => Number(of(i, 1) ?? of(i, 0) ?? 0));
}
