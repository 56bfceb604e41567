import {
  HEALTH_STATES,
  LIFECYCLE_STATUSES,
  type SensorList,
  type SensorListQuery,
  type SensorSummary,
} from "../../core/api/sensors.ts";

const DEFAULT_PAGE_SIZE = 100;

type Test = (sensor: SensorSummary) => boolean;

function testsOf(query: SensorListQuery): Test[] {
  const tests: Test[] = [];
  const same = <K extends keyof SensorSummary & keyof SensorListQuery>(key: K): void => {
    const wanted = query[key] as unknown;
    if (wanted !== undefined) tests.push((s) => s[key] === wanted);
  };
  for (const key of [
    "declared_role",
    "cluster",
    "health_state",
    "trust_state",
    "trust_health",
    "runtime_mode",
  ] as const)
    same(key);
  for (const key of ["runtime_state", "enforcement_state", "assigned_pack_id", "flavor"] as const) same(key);
  // A sensor that was revoked is of interest to those who ask for it only.
  if (query.lifecycle_status === undefined) tests.push((s) => s.lifecycle_status !== "revoked");
  else same("lifecycle_status");
  if (query.q !== undefined) {
    const words = query.q.toLowerCase();
    tests.push((s) => s.node_name.toLowerCase().includes(words));
  }
  if (query.assigned_pack_presence !== undefined)
    tests.push((s) => (s.assigned_pack_id !== null) === (query.assigned_pack_presence === "assigned"));
  if (query.has_active_trust_alert !== undefined)
    tests.push((s) => ["renewal_due", "degraded", "revoked"].includes(s.trust_health) === query.has_active_trust_alert);
  if (query.needs_attention !== undefined) tests.push((s) => (s.health_state !== "healthy") === query.needs_attention);
  return tests;
}

function compare(query: SensorListQuery): (a: SensorSummary, b: SensorSummary) => number {
  const sign = query.order === "desc" ? -1 : 1;
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const by = (a: SensorSummary, b: SensorSummary): number => {
    switch (query.sort ?? "node_name") {
      case "health_state":
        return HEALTH_STATES.indexOf(a.health_state) - HEALTH_STATES.indexOf(b.health_state);
      case "last_seen_at":
        return text(a.last_seen_at ?? "", b.last_seen_at ?? "");
      case "enrolled_at":
        return text(a.enrolled_at, b.enrolled_at);
      case "sensor_version":
        return text(a.sensor_version ?? "", b.sensor_version ?? "");
      case "node_name":
        return text(a.node_name, b.node_name);
    }
  };
  // Ties by name and id, so that a page never shows what another page showed.
  return (a, b) => sign * by(a, b) || text(a.node_name, b.node_name) || text(a.sensor_id, b.sensor_id);
}

/** The page a query asks for out of the whole fleet, and the counts over all of it. Pure. */
export function pageOf(fleet: readonly SensorSummary[], query: SensorListQuery): SensorList {
  const counts = Object.fromEntries(LIFECYCLE_STATUSES.map((s) => [s, 0])) as Record<
    (typeof LIFECYCLE_STATUSES)[number],
    number
  >;
  const health = Object.fromEntries(HEALTH_STATES.map((s) => [s, 0])) as Record<(typeof HEALTH_STATES)[number], number>;
  for (const sensor of fleet) {
    counts[sensor.lifecycle_status]++;
    // What was taken out of service is no part of the fleet's health.
    if (sensor.lifecycle_status !== "revoked") health[sensor.health_state]++;
  }
  const tests = testsOf(query);
  const found = fleet.filter((sensor) => tests.every((test) => test(sensor))).toSorted(compare(query));
  const page = query.page ?? 1;
  const pageSize = query.page_size ?? DEFAULT_PAGE_SIZE;
  return {
    sensors: found.slice((page - 1) * pageSize, page * pageSize),
    total: found.length,
    page,
    page_size: pageSize,
    counts,
    health,
  };
}
