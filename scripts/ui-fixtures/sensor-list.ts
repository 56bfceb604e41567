import { HEALTH_STATES, LIFECYCLE_STATUSES, type SensorDetail, type SensorList } from "../../src/core/api/sensors.ts";
import type { PreviewState } from "./state.ts";

/** The page of the fleet that was asked for, with the counts of all of it. */
export function makeSensorList(url: URL, fleet: readonly SensorDetail[], state: PreviewState): SensorList {
  const p = url.searchParams;
  const size = Number(p.get("page_size") ?? 100);
  const page = Number(p.get("page") ?? 1);
  const all = state === "empty" ? [] : fleet;
  const found = all.filter((s) => {
    if (p.get("q") && !s.node_name.includes(p.get("q") ?? "")) return false;
    if (p.get("needs_attention") === "true" && s.health_state === "healthy") return false;
    for (const field of [
      "health_state",
      "lifecycle_status",
      "trust_state",
      "trust_health",
      "flavor",
      "declared_role",
    ] as const)
      if (p.get(field) && s[field] !== p.get(field)) return false;
    return true;
  });
  const order = p.get("sort") === "health_state" ? ["critical", "degraded", "offline", "watch", "healthy"] : undefined;
  const sorted = order
    ? found.toSorted((a, b) => order.indexOf(a.health_state) - order.indexOf(b.health_state))
    : found;
  const count = <T extends string>(values: readonly T[], pick: (s: SensorDetail) => string): Record<T, number> =>
    Object.fromEntries(values.map((v) => [v, all.filter((s) => pick(s) === v).length])) as Record<T, number>;
  return {
    sensors: sorted.slice((page - 1) * size, page * size),
    total: found.length,
    page,
    page_size: size,
    counts: count(LIFECYCLE_STATUSES, (s) => s.lifecycle_status),
    health: count(HEALTH_STATES, (s) => s.health_state),
  };
}
