import type { EventDb } from "../stores/contract.ts";
import { explainQueryError, QUERY_SETTINGS } from "../events/limits.ts";
import { inChunks } from "./chunks.ts";
import { selectFacts, type ProcessFacts, type Select } from "./store-facts.ts";
import { FILE_KINDS, NETWORK_KINDS, OF_SENSOR, STARTS } from "./sql.ts";
import { LIST_COLUMNS, type ListRow } from "../events/row.ts";

/** An event that names a process, or has it among its ancestors; `event` is its JSON. */
export interface Witness {
  readonly nodeName: string;
  readonly execId: string;
  readonly observedUs: number;
  readonly event: string;
}

export interface Link {
  readonly execId: string;
  readonly parentExecId: string;
}

export interface LineageStore {
  /** The event itself, when it is about a process. */
  eventWitness(
    tenantId: string,
    id: { sensorId: string; epoch: string; seq: number },
    signal?: AbortSignal,
  ): Promise<Witness | undefined>;
  /** The best event about a process: its start, else any; else an event of a child or a later descendant. */
  processWitness(
    tenantId: string,
    sensorId: string,
    execId: string,
    signal?: AbortSignal,
  ): Promise<Witness | undefined>;
  /** Children of these processes, nearest in time to `aroundUs` first, at most `perParent` each and `limit` in all. */
  children(
    tenantId: string,
    sensorId: string,
    parents: readonly string[],
    at: { aroundUs: number; sinceUs: number; perParent: number; limit: number },
    signal?: AbortSignal,
  ): Promise<Link[]>;
  /** How many children each of these processes is known to have started. */
  childCounts(
    tenantId: string,
    sensorId: string,
    parents: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, number>>;
  facts(tenantId: string, sensorId: string, execIds: readonly string[], signal?: AbortSignal): Promise<ProcessFacts[]>;
  /** Events of one process, newest first; at most `limit` of each group. */
  activity(
    tenantId: string,
    sensorId: string,
    execId: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ files: ListRow[]; connections: ListRow[]; other: ListRow[] }>;
}

/** A start may be written down behind what the process did first, by this much. */
const START_SLACK_US = 3_600e6;
/** Children are looked for within this long of a moment first. */
const NEAR_US = 1_800e6;
/** DateTime64(6) ends in 2299. */
const END_OF_TIME_US = Date.UTC(2299, 0, 1) * 1000;

const WITNESS = `node_name, exec_id, toUnixTimestamp64Micro(observed_at) AS observed_us, event, ${STARTS} AS is_start`;

interface WitnessRow {
  readonly node_name: string;
  readonly exec_id: string;
  readonly observed_us: number | string;
  readonly event: string;
  readonly is_start: number;
}

function toWitness(row: WitnessRow | undefined): Witness | undefined {
  return row && { nodeName: row.node_name, execId: row.exec_id, observedUs: Number(row.observed_us), event: row.event };
}

/** Process trees read from ClickHouse. */
export function createLineageStore(deps: { events: EventDb }): LineageStore {
  const select: Select = async (tenantId, sql, params, signal) => {
    try {
      const options = { timeoutMs: 10_000, ...(signal ? { signal } : {}) };
      return await deps.events.select(tenantId, `${sql} SETTINGS ${QUERY_SETTINGS}`, params, options);
    } catch (error) {
      throw explainQueryError(error, signal);
    }
  };

  return {
    async eventWitness(tenantId, { sensorId, epoch, seq }, signal) {
      const rows = await select<WitnessRow>(
        tenantId,
        `SELECT ${WITNESS} FROM runtime_events
         WHERE ${OF_SENSOR} AND seq = {seq:UInt64} AND epoch = {epoch:String} LIMIT 1`,
        { sensor_id: sensorId, epoch, seq },
        signal,
      );
      return toWitness(rows[0]);
    },

    async processWitness(tenantId, sensorId, execId, signal) {
      const ask = async (condition: string, params: Record<string, unknown> = {}): Promise<WitnessRow | undefined> => {
        const rows = await select<WitnessRow>(
          tenantId,
          `SELECT ${WITNESS} FROM runtime_events WHERE ${OF_SENSOR} AND ${condition} ORDER BY observed_at LIMIT 1`,
          { sensor_id: sensorId, exec_id: execId, ...params },
          signal,
        );
        return rows[0];
      };
      // Read in order of time, the first event ends the search; a service has them everywhere. A start that was written down late
      // stands near it.
      const first = await ask("exec_id = {exec_id:String}");
      if (first && first.is_start) return toWitness(first);
      if (first) {
        const near = { until_us: Number(first.observed_us) + START_SLACK_US };
        const until = "observed_at <= fromUnixTimestamp64Micro({until_us:Int64}, 'UTC')";
        return toWitness((await ask(`exec_id = {exec_id:String} AND ${STARTS} AND ${until}`, near)) ?? first);
      }
      const child =
        (await ask(`parent_exec_id = {exec_id:String} AND ${STARTS}`)) ??
        (await ask("parent_exec_id = {exec_id:String}"));
      // No index answers this one; it is asked only for processes that are known from ancestry alone.
      return toWitness(child ?? (await ask("has(ancestor_exec_ids, {exec_id:String})")));
    },

    async children(tenantId, sensorId, parents, { aroundUs, sinceUs, perParent, limit }, signal) {
      if (parents.length === 0) return [];
      const within = async (chunk: readonly string[], fromUs: number, toUs: number): Promise<Link[]> => {
        const rows = await select<{ exec_id: string; parent: string }>(
          tenantId,
          `SELECT exec_id, any(parent_exec_id) AS parent, min(observed_at) AS first
           FROM runtime_events
           WHERE ${OF_SENSOR} AND parent_exec_id IN {parents:Array(String)} AND exec_id != ''
             AND observed_at >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC') AND observed_at <= fromUnixTimestamp64Micro({to_us:Int64}, 'UTC')
           GROUP BY exec_id
           ORDER BY abs(toUnixTimestamp64Micro(first) - {around_us:Int64}), exec_id
           LIMIT {per_parent:UInt32} BY parent LIMIT {row_limit:UInt32}`,
          {
            sensor_id: sensorId,
            parents: chunk,
            from_us: fromUs,
            to_us: toUs,
            around_us: aroundUs,
            per_parent: perParent,
            row_limit: limit,
          },
          signal,
        );
        return rows.map((row) => ({ execId: row.exec_id, parentExecId: row.parent }));
      };
      // A service has children by the thousand: the nearest of them are within reach.
      if (parents.length === 1) {
        const near = await within(parents, Math.max(sinceUs, aroundUs - NEAR_US), aroundUs + NEAR_US);
        if (near.length >= Math.min(perParent, limit)) return near;
      }
      const all = await inChunks(parents, (chunk) => within(chunk, sinceUs, END_OF_TIME_US));
      return all.slice(0, limit);
    },

    async childCounts(tenantId, sensorId, parents, signal) {
      const rows = await inChunks(parents, (chunk) =>
        select<{ parent_exec_id: string; children: number | string }>(
          tenantId,
          `SELECT parent_exec_id, uniqExact(sipHash64(exec_id)) AS children FROM runtime_events
           WHERE ${OF_SENSOR} AND parent_exec_id IN {parents:Array(String)} AND ${STARTS} GROUP BY parent_exec_id`,
          { sensor_id: sensorId, parents: chunk },
          signal,
        ),
      );
      return new Map(rows.map((row) => [row.parent_exec_id, Number(row.children)]));
    },

    facts: (tenantId, sensorId, execIds, signal) => selectFacts(select, tenantId, sensorId, execIds, signal),

    async activity(tenantId, sensorId, execId, limit, signal) {
      // One query a group: each reads in order and stops at its limit, however much the process did.
      const group = async (condition: string): Promise<ListRow[]> => {
        const rows = await select<ListRow>(
          tenantId,
          `SELECT ${LIST_COLUMNS} FROM runtime_events WHERE ${OF_SENSOR} AND exec_id = {exec_id:String} AND ${condition}
           ORDER BY observed_at DESC, epoch DESC, seq DESC LIMIT {row_limit:UInt32}`,
          { sensor_id: sensorId, exec_id: execId, row_limit: limit },
          signal,
        );
        // A re-delivered event stands beside its first delivery.
        return rows.filter((row, i) => row.seq !== rows[i - 1]?.seq || row.epoch !== rows[i - 1]?.epoch);
      };
      const [files, connections, other] = await Promise.all([
        group(FILE_KINDS),
        group(NETWORK_KINDS),
        group(`NOT ${FILE_KINDS} AND NOT ${NETWORK_KINDS}`),
      ]);
      return { files, connections, other };
    },
  };
}
