import type { MissingRange } from "../../core/integrity/chain.ts";
import type { RootLeaf } from "../../core/integrity/root.ts";
import type { EventDb } from "../stores/contract.ts";

/** One sequence of one sensor. */
export interface ChainKey {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly epoch: string;
}

/** A row of `integrity_links`. */
export interface LinkRow {
  tenant_id: string;
  sensor_id: string;
  epoch: string;
  first_seq: number;
  last_seq: number;
  events: number;
  previous: string;
  digest: string;
  link: string;
  missing: string;
  /** Microseconds since 1970. */
  first_at: number;
  last_at: number;
  /** Milliseconds since 1970. */
  sealed_at: number;
}

/** A row of `integrity_leaves`. */
export interface LeafRow extends RootLeaf {
  tenant_id: string;
  /** Seconds since 1970. */
  hour: number;
  /** Milliseconds since 1970. */
  written_at: number;
}

/** An event as it went into its leaf. */
export interface LeafEvent {
  readonly seq: number;
  readonly event: string;
  readonly raw: string;
  readonly at_us: number;
}

export interface Head {
  readonly seq: number;
  readonly link: string;
}

export const chainKey = (sensorId: string, epoch: string): string => `${sensorId}/${epoch}`;

const LINK_COLUMNS = `sensor_id, epoch, first_seq, last_seq, events, previous, digest, link,
  missing, toUnixTimestamp64Micro(first_at) AS first_us, toUnixTimestamp64Micro(last_at) AS last_us,
  toUnixTimestamp64Milli(sealed_at) AS sealed_ms`;

type LinkAnswer = Omit<LinkRow, "tenant_id" | "first_at" | "last_at" | "sealed_at"> & {
  first_us: number;
  last_us: number;
  sealed_ms: number;
};

const toLink =
  (tenantId: string) =>
  ({ first_us, last_us, sealed_ms, ...row }: LinkAnswer): LinkRow => ({
    ...row,
    tenant_id: tenantId,
    first_at: Number(first_us),
    last_at: Number(last_us),
    sealed_at: Number(sealed_ms),
    first_seq: Number(row.first_seq),
    last_seq: Number(row.last_seq),
  });

/** Ends of chains, by chainKey; of several that reach equally far, every Console takes the same one. */
export async function findHeads(
  events: EventDb,
  tenantId: string,
  chains: readonly ChainKey[],
): Promise<Map<string, Head>> {
  const rows = await events.select<{ sensor: string; epoch: string; last_seq: number; link: string }>(
    tenantId,
    `SELECT sensor_id AS sensor, epoch, last_seq, link FROM integrity_links
     WHERE tenant_id = {tenant_id:UUID}
       AND (sensor_id, epoch) IN (SELECT arrayJoin(arrayZip({sensors:Array(UUID)}, {epochs:Array(String)})))
     ORDER BY sensor_id, epoch, last_seq DESC, link LIMIT 1 BY sensor_id, epoch`,
    { sensors: chains.map((c) => c.sensorId), epochs: chains.map((c) => c.epoch) },
  );
  return new Map(rows.map((row) => [chainKey(row.sensor, row.epoch), { seq: Number(row.last_seq), link: row.link }]));
}

/** Later than any event. */
const LAST_US = Date.UTC(2200, 0, 1) * 1000;

const OF_CHAIN = "tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID} AND epoch = {epoch:String}";
const params = (chain: ChainKey): Record<string, unknown> => ({ sensor_id: chain.sensorId, epoch: chain.epoch });

/** Events of a range of numbers, each once, in order; at most `limit` rows. */
export async function readEvents(
  events: EventDb,
  chain: ChainKey,
  range: {
    readonly from: number;
    readonly to: number;
    readonly limit: number;
    /** Microseconds since 1970: where their times are known, the store finds them faster. */
    readonly firstUs?: number;
    readonly lastUs?: number;
    /** Gives every row that says something else of a number, not one of them. */
    readonly all?: boolean;
  },
): Promise<LeafEvent[]> {
  const rows = await events.select<LeafEvent>(
    chain.tenantId,
    `SELECT seq, event, raw, toUnixTimestamp64Micro(observed_at) AS at_us FROM runtime_events
     WHERE ${OF_CHAIN} AND seq BETWEEN {from:UInt64} AND {to:UInt64}
       AND observed_at BETWEEN fromUnixTimestamp64Micro({first_us:Int64}, 'UTC') AND fromUnixTimestamp64Micro({last_us:Int64}, 'UTC')
     ORDER BY seq LIMIT 1 BY seq${range.all ? ", event, raw" : ""} LIMIT {row_limit:UInt32}`,
    {
      ...params(chain),
      from: range.from,
      to: range.to,
      row_limit: range.limit,
      first_us: range.firstUs ?? 0,
      last_us: range.lastUs ?? LAST_US,
    },
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at_us: Number(row.at_us) }));
}

/** Lowest number of a sequence stored lately below another; undefined when there is none. */
export async function findFirstStored(
  events: EventDb,
  chain: ChainKey,
  below: number,
  sinceMs: number,
): Promise<number | undefined> {
  const [row] = await events.select<{ n: number; first: number }>(
    chain.tenantId,
    `SELECT count() AS n, min(seq) AS first FROM runtime_events
     WHERE ${OF_CHAIN} AND seq < {below:UInt64} AND ingested_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')`,
    { ...params(chain), below, since: sinceMs },
  );
  return row && Number(row.n) > 0 ? Number(row.first) : undefined;
}

/** What the loss ledger says of a range of numbers. */
export async function readMissing(
  events: EventDb,
  chain: ChainKey,
  from: number,
  to: number,
): Promise<(MissingRange & { readonly at_us: number })[]> {
  const rows = await events.select<{ low: number; high: number; stage: string; cause: string; at_us: number }>(
    chain.tenantId,
    `SELECT greatest(from_seq, {from:UInt64}) AS low, least(to_seq, {to:UInt64}) AS high, stage, cause,
       toUnixTimestamp64Micro(from_at) AS at_us
     FROM event_losses FINAL
     WHERE ${OF_CHAIN} AND source IN ('range', 'epoch') AND to_seq >= {from:UInt64} AND from_seq <= {to:UInt64}
       AND count > 0
     ORDER BY low LIMIT 50000`,
    { ...params(chain), from, to },
  );
  return rows.map(({ low, high, stage, cause, at_us }) => ({
    from_seq: Number(low),
    to_seq: Number(high),
    stage,
    cause,
    at_us: Number(at_us),
  }));
}

/**
 * Links of a tenant that no root covers and that were sealed in a span of time, in order of their chains and numbers. Leaves behind
 * the hour of the last root (seconds since 1970) are of a root that never came to be.
 */
export async function findUncovered(
  events: EventDb,
  tenantId: string,
  sealed: { readonly fromMs: number; readonly beforeMs: number; readonly lastRoot: number },
): Promise<LinkRow[]> {
  const rows = await events.select<LinkAnswer>(
    tenantId,
    `SELECT l.* FROM (
       SELECT ${LINK_COLUMNS} FROM integrity_links FINAL
       WHERE tenant_id = {tenant_id:UUID} AND sealed_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
         AND sealed_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')) AS l
     LEFT JOIN (
       SELECT sensor_id AS sensor, epoch AS of_epoch, max(last_seq) AS covered FROM integrity_leaves
       WHERE tenant_id = {tenant_id:UUID} AND hour <= toDateTime({last_root:UInt32}, 'UTC') GROUP BY sensor_id, epoch) AS c ON l.sensor_id = c.sensor AND l.epoch = c.of_epoch
     WHERE l.last_seq > c.covered ORDER BY l.sensor_id, l.epoch, l.last_seq, l.link`,
    { from: sealed.fromMs, before: sealed.beforeMs, last_root: sealed.lastRoot },
    { timeoutMs: 120_000 },
  );
  return rows.map(toLink(tenantId));
}

/** Where the last root that covers it left each chain, by chainKey. */
export async function findCovered(events: EventDb, tenantId: string, lastRoot: number): Promise<Map<string, Head>> {
  const rows = await events.select<{ sensor: string; epoch: string; last: number; covered: string }>(
    tenantId,
    `SELECT sensor_id AS sensor, epoch, max(last_seq) AS last, argMax(head, last_seq) AS covered
     FROM integrity_leaves FINAL WHERE tenant_id = {tenant_id:UUID} AND hour <= toDateTime({last_root:UInt32}, 'UTC')
     GROUP BY sensor_id, epoch`,
    { last_root: lastRoot },
    { timeoutMs: 120_000 },
  );
  return new Map(rows.map((row) => [chainKey(row.sensor, row.epoch), { seq: Number(row.last), link: row.covered }]));
}

/** Links of one chain whose last numbers lie in a range, in order. */
export async function findLinks(events: EventDb, chain: ChainKey, from: number, to: number): Promise<LinkRow[]> {
  const rows = await events.select<LinkAnswer>(
    chain.tenantId,
    `SELECT ${LINK_COLUMNS} FROM integrity_links FINAL WHERE ${OF_CHAIN} AND last_seq BETWEEN {from:UInt64} AND {to:UInt64}
     ORDER BY last_seq, link`,
    { ...params(chain), from, to },
  );
  return rows.map(toLink(chain.tenantId));
}

/**
 * Sequences of a sensor with blocks in a range of time, and between which numbers. What a signed root says was there in those hours is
 * in it too: when its blocks are gone, that is to be seen.
 */
export async function findChains(
  events: EventDb,
  tenantId: string,
  sensorId: string,
  fromUs: number,
  toUs: number,
): Promise<{ epoch: string; first: number; last: number }[]> {
  const rows = await events.select<{ epoch: string; low: number; high: number }>(
    tenantId,
    `SELECT epoch, min(first_seq) AS low, max(last_seq) AS high FROM (
       SELECT epoch, first_seq, last_seq FROM integrity_links
       WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}
         AND last_at >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC') AND first_at <= fromUnixTimestamp64Micro({to_us:Int64}, 'UTC')
       UNION ALL
       SELECT epoch, first_seq, last_seq FROM integrity_leaves
       WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}
         AND hour >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC') AND hour + 3600 <= fromUnixTimestamp64Micro({to_us:Int64}, 'UTC'))
     GROUP BY epoch ORDER BY low, epoch`,
    { sensor_id: sensorId, from_us: fromUs, to_us: toUs },
  );
  return rows.map((row) => ({ epoch: row.epoch, first: Number(row.low), last: Number(row.high) }));
}

const LEAF_COLUMNS = `sensor_id, epoch, first_seq, last_seq, links, events, missing, previous,
  head, toUnixTimestamp(hour) AS hour_secs`;
type LeafAnswer = RootLeaf & { hour_secs: number };

/** Leaves without what only the store knows, with their hour in seconds. */
export interface HourLeaf {
  readonly hour: number;
  readonly leaf: RootLeaf;
}

const toHourLeaf = ({ hour_secs, ...leaf }: LeafAnswer): HourLeaf => ({
  hour: Number(hour_secs),
  leaf: {
    ...leaf,
    first_seq: Number(leaf.first_seq),
    last_seq: Number(leaf.last_seq),
    events: Number(leaf.events),
    missing: Number(leaf.missing),
  },
});

/** Leaves of one chain that touch a range of its numbers, in order. */
export async function findLeaves(events: EventDb, chain: ChainKey, from: number, to: number): Promise<HourLeaf[]> {
  const rows = await events.select<LeafAnswer>(
    chain.tenantId,
    `SELECT ${LEAF_COLUMNS} FROM integrity_leaves FINAL
     WHERE ${OF_CHAIN} AND last_seq >= {from:UInt64} AND first_seq <= {to:UInt64} ORDER BY hour`,
    { ...params(chain), from, to },
  );
  return rows.map(toHourLeaf);
}

/** All leaves of an hour, in the order of their tree. */
export async function findHourLeaves(events: EventDb, tenantId: string, hour: number): Promise<RootLeaf[]> {
  const rows = await events.select<LeafAnswer>(
    tenantId,
    `SELECT ${LEAF_COLUMNS} FROM integrity_leaves FINAL
     WHERE tenant_id = {tenant_id:UUID} AND hour = toDateTime({hour:UInt32}, 'UTC')`,
    { hour },
    { timeoutMs: 60_000 },
  );
  return rows.map((row) => toHourLeaf(row).leaf).toSorted(leafOrder);
}

/** Order of leaves in the tree: by sensor, then by sequence. */
export function leafOrder(a: RootLeaf, b: RootLeaf): number {
  const [left, right] = [chainKey(a.sensor_id, a.epoch), chainKey(b.sensor_id, b.epoch)];
  return left < right ? -1 : left > right ? 1 : 0;
}
