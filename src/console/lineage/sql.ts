/** Fragments of the queries on one sensor's events. */
export const OF_SENSOR = "tenant_id = {tenant_id:UUID} AND sensor_id = {sensor_id:UUID}";
export const FILE_KINDS = "startsWith(event_kind, 'file_')";
export const NETWORK_KINDS = "startsWith(event_kind, 'network_')";
/** Events that say that a process began. */
export const STARTS = "event_kind IN ('process_exec', 'process_fork')";

/** Numbers of one epoch that fit, as a bitmap: a re-delivered event counts once, at a fraction of what a set of pairs costs. */
export function once(condition: string): string {
  return `groupBitmapIf(seq, ${condition})`;
}
