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

type Count = number | string;

interface FactsRow {
  readonly exec_id: string;
  readonly parent: string;
  readonly parent_binary: string;
  readonly first_ppid: number;
  readonly first_pid: number;
  readonly first_uid: number | null;
  readonly binary: string;
  readonly arguments: string;
  readonly container: string;
  readonly first_us: Count;
  readonly files: Count;
  readonly connections: Count;
  readonly dns: Count;
  readonly warnings: Count;
  readonly severity_rank: number;
}

interface LifeRow {
  readonly exec_id: string;
  readonly started_us: Count;
  readonly ended_us: Count;
  readonly exit_code: number | null;
  readonly exit_signal: string;
}

function toFacts(row: FactsRow, life: LifeRow | undefined): ProcessFacts {
  const startedUs = Number(life?.started_us ?? 0);
  return {
    execId: row.exec_id,
    parentExecId: row.parent,
    parentBinary: row.parent_binary,
    ppid: row.first_ppid,
    pid: row.first_pid,
    uid: row.first_uid,
    binary: row.binary,
    arguments: row.arguments,
    containerId: row.container,
    startedUs: startedUs > 0 ? startedUs : Number(row.first_us),
    endedUs: Math.max(0, Number(life?.ended_us ?? 0)),
    exitCode: life?.exit_code ?? null,
    exitSignal: life?.exit_signal || null,
    files: Number(row.files),
    connections: Number(row.connections),
    dns: Number(row.dns),
    warnings: Number(row.warnings),
    severityRank: row.severity_rank,
  };
}

/** Runs a query on a tenant's events. */
export type Select = <Row>(
  tenantId: string,
  sql: string,
  params: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<Row[]>;

/** What is known of these processes from their own events; those without any are missing. */
export async function selectFacts(
  select: Select,
  tenantId: string,
  sensorId: string,
  execIds: readonly string[],
  signal?: AbortSignal,
): Promise<ProcessFacts[]> {
  if (execIds.length === 0) return [];
  const params = { sensor_id: sensorId, exec_ids: execIds };
  const of = `${OF_SENSOR} AND exec_id IN {exec_ids:Array(String)}`;
  // The JSON of an event is wide: it is read for beginnings and ends only.
  const [rows, lives] = await Promise.all([
    select<FactsRow>(
      tenantId,
      `SELECT exec_id, argMin(parent_exec_id, observed_at) AS parent, argMin(parent_executable, observed_at) AS parent_binary,
         argMin(ppid, observed_at) AS first_ppid, argMin(pid, observed_at) AS first_pid,
         argMin(tuple(uid), observed_at).1 AS first_uid,
         argMin(process_executable, (NOT (${STARTS}), observed_at)) AS binary,
         substringUTF8(argMin(process_arguments, (NOT (${STARTS}), observed_at)), 1, 4096) AS arguments,
         argMin(container_id, observed_at) AS container, toUnixTimestamp64Micro(min(observed_at)) AS first_us,
         ${once(FILE_KINDS)} AS files, ${once(NETWORK_KINDS)} AS connections,
         ${once("startsWith(event_kind, 'dns_')")} AS dns, ${once("severity != 'info'")} AS warnings,
         max(toInt8(severity)) AS severity_rank
       FROM runtime_events WHERE ${of} GROUP BY exec_id`,
      params,
      signal,
    ),
    select<LifeRow>(
      tenantId,
      `SELECT exec_id, min(JSONExtractUInt(event, 'process', 'start_time_us')) AS started_us,
         toUnixTimestamp64Micro(maxIf(observed_at, event_kind = 'process_exit')) AS ended_us,
         argMaxIf(JSONExtract(event, 'process', 'exit_code', 'Nullable(Int32)'), observed_at, event_kind = 'process_exit') AS exit_code,
         argMaxIf(JSONExtractString(event, 'process', 'exit_signal'), observed_at, event_kind = 'process_exit') AS exit_signal
       FROM runtime_events WHERE ${of} AND event_kind IN ('process_exec', 'process_fork', 'process_exit') GROUP BY exec_id`,
      params,
      signal,
    ),
  ]);
  const lifeOf = new Map(lives.map((row) => [row.exec_id, row]));
  return rows.map((row) => toFacts(row, lifeOf.get(row.exec_id)));
}
