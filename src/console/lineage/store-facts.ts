import type { RuntimeEvent } from "../../core/event/event.ts";
import { inChunks } from "./chunks.ts";
import { FILE_KINDS, NETWORK_KINDS, OF_SENSOR, once, STARTS } from "./sql.ts";

/** A process as its own events tell; times in microseconds since 1970. */
export interface ProcessFacts {
  readonly execId: string;
  readonly parentExecId: string;
  readonly parentBinary: string;
  readonly ppid: number;
  readonly pid: number;
  readonly uid: number | null;
  readonly binary: string;
  readonly arguments: string;
  readonly containerId: string;
  readonly startedUs: number;
  readonly endedUs: number;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  readonly files: number;
  readonly connections: number;
  readonly dns: number;
  readonly warnings: number;
  readonly severityRank: number;
}

type Numeric = number | string;

/** What all events of a process add up to, and when those are that say the rest. */
interface SumRow {
  readonly exec_id: string;
  readonly first_us: Numeric;
  /** 0: none is known. */
  readonly start_us: Numeric;
  readonly end_us: Numeric;
  readonly files: Numeric;
  readonly connections: Numeric;
  readonly dns: Numeric;
  readonly warnings: Numeric;
  readonly severity_rank: number;
}

interface MomentRow {
  readonly exec_id: string;
  readonly at_us: Numeric;
  readonly kind: string;
  readonly parent: string;
  readonly parent_binary: string;
  readonly ppid: number;
  readonly pid: number;
  readonly uid: number | null;
  readonly binary: string;
  readonly arguments: string;
  readonly container: string;
  /** The whole event of a beginning or an end; else empty. */
  readonly event: string;
}

/** Parameters travel in a URL of 16 kB at most. */
const MOMENTS_PER_QUERY = 600;

/** Runs a query on a tenant's events. */
export type Select = <Row>(
  tenantId: string,
  sql: string,
  params: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<Row[]>;

const processIn = (row: MomentRow | undefined): RuntimeEvent["process"] =>
  row && row.event !== "" ? (JSON.parse(row.event) as RuntimeEvent).process : undefined;

function toFacts(sum: SumRow, moments: readonly MomentRow[]): ProcessFacts | undefined {
  const at = (us: Numeric, isKind: (kind: string) => boolean = () => true): MomentRow | undefined =>
    moments.find((row) => Number(row.at_us) === Number(us) && isKind(row.kind));
  const first = at(sum.first_us);
  if (!first) return undefined;
  const start = at(sum.start_us, (kind) => kind === "process_exec" || kind === "process_fork");
  const end = at(sum.end_us, (kind) => kind === "process_exit");
  const [begun, ended] = [processIn(start), processIn(end)];
  return {
    execId: sum.exec_id,
    parentExecId: first.parent,
    parentBinary: first.parent_binary,
    ppid: first.ppid,
    pid: first.pid,
    uid: first.uid,
    binary: (start ?? first).binary,
    arguments: (start ?? first).arguments,
    containerId: first.container,
    startedUs: begun?.start_time_us || ended?.start_time_us || Number(sum.first_us),
    endedUs: Number(sum.end_us),
    exitCode: ended?.exit_code ?? null,
    exitSignal: ended?.exit_signal || null,
    files: Number(sum.files),
    connections: Number(sum.connections),
    dns: Number(sum.dns),
    warnings: Number(sum.warnings),
    severityRank: sum.severity_rank,
  };
}

/**
 * What is known of these processes from their own events; those without any are missing. A service has events everywhere: what all
 * of them add up to is read from narrow columns, and the rest from the few moments at which it is said.
 */
export async function selectFacts(
  select: Select,
  tenantId: string,
  sensorId: string,
  execIds: readonly string[],
  signal?: AbortSignal,
): Promise<ProcessFacts[]> {
  const sums = await inChunks(execIds, (chunk) => sumsOf(select, tenantId, sensorId, chunk, signal));
  const times = sums.flatMap((row) => [row.first_us, row.start_us, row.end_us].map(Number));
  const rows = await momentsOf(select, tenantId, sensorId, [...new Set(times.filter((us) => us > 0))], signal);
  const ofProcess = Map.groupBy(rows, (row) => row.exec_id);
  return sums.flatMap((sum) => toFacts(sum, ofProcess.get(sum.exec_id) ?? []) ?? []);
}

function sumsOf(
  select: Select,
  tenantId: string,
  sensorId: string,
  execIds: readonly string[],
  signal?: AbortSignal,
): Promise<SumRow[]> {
  return select<SumRow>(
    tenantId,
    `SELECT exec_id, toUnixTimestamp64Micro(min(first)) AS first_us,
       toUnixTimestamp64Micro(minIf(start, has_start)) AS start_us, toUnixTimestamp64Micro(max(end)) AS end_us,
       sum(files_) AS files, sum(connections_) AS connections, sum(dns_) AS dns, sum(warnings_) AS warnings, max(rank) AS severity_rank
     FROM (
       SELECT exec_id, min(observed_at) AS first, countIf(${STARTS}) > 0 AS has_start, minIf(observed_at, ${STARTS}) AS start,
         maxIf(observed_at, event_kind = 'process_exit') AS end, ${once(FILE_KINDS)} AS files_, ${once(NETWORK_KINDS)} AS connections_,
         ${once("startsWith(event_kind, 'dns_')")} AS dns_, ${once("severity != 'info'")} AS warnings_, max(toInt8(severity)) AS rank
       FROM runtime_events WHERE ${OF_SENSOR} AND exec_id IN {exec_ids:Array(String)} GROUP BY exec_id, epoch
     ) GROUP BY exec_id`,
    { sensor_id: sensorId, exec_ids: execIds },
    signal,
  );
}

/** What a sensor's events at these moments (microseconds) say, whichever process they are about. */
async function momentsOf(
  select: Select,
  tenantId: string,
  sensorId: string,
  moments: readonly number[],
  signal?: AbortSignal,
): Promise<MomentRow[]> {
  const starts = Array.from({ length: Math.ceil(moments.length / MOMENTS_PER_QUERY) }, (_, i) => i * MOMENTS_PER_QUERY);
  const answers = starts.map((start) =>
    select<MomentRow>(
      tenantId,
      `SELECT exec_id, toUnixTimestamp64Micro(observed_at) AS at_us, toString(event_kind) AS kind, parent_exec_id AS parent,
         parent_executable AS parent_binary, ppid, pid, uid, process_executable AS binary,
         substringUTF8(process_arguments, 1, 4096) AS arguments, container_id AS container,
         if(event_kind IN ('process_exec', 'process_fork', 'process_exit'), event, '') AS event
       FROM runtime_events
       WHERE ${OF_SENSOR} AND observed_at IN (SELECT fromUnixTimestamp64Micro(arrayJoin({moments:Array(Int64)}), 'UTC'))
       ORDER BY observed_at, epoch, seq`,
      { sensor_id: sensorId, moments: moments.slice(start, start + MOMENTS_PER_QUERY) },
      signal,
    ),
  );
  return (await Promise.all(answers)).flat();
}
