import { describe, expect, test } from "bun:test";
import type { SensorListQuery, SensorSummary } from "../../core/api/sensors.ts";
import { listQueryOf } from "./routes.ts";
import { pageOf } from "./list.ts";
import { parseSince, stepFor, toResources } from "./resources.ts";

const base: SensorSummary = {
  sensor_id: "0",
  node_name: "node",
  declared_role: "generic_linux",
  flavor: "standard",
  cluster: null,
  tags: [],
  lifecycle_status: "healthy",
  health_state: "healthy",
  health_reasons: [],
  trust_state: "trusted",
  trust_health: "healthy",
  runtime_mode: "live",
  runtime_state: "running",
  enforcement_state: "observe",
  assigned_pack_id: null,
  sensor_version: "1",
  kernel: null,
  os: null,
  stream_connected: false,
  enrolled_at: "2026-01-01T00:00:00.000Z",
  last_seen_at: null,
  certificate_expires_at: null,
  events_per_sec: 0,
  events_lost: 0,
};

const fleet: SensorSummary[] = [
  { ...base, sensor_id: "1", node_name: "amf-1", declared_role: "amf", flavor: "telecom", cluster: "oslo" },
  { ...base, sensor_id: "2", node_name: "db-2", health_state: "critical", runtime_state: "failed" },
  {
    ...base,
    sensor_id: "3",
    node_name: "DB-3",
    health_state: "watch",
    assigned_pack_id: "base",
    trust_health: "renewal_due",
  },
  { ...base, sensor_id: "4", node_name: "db-4", health_state: "offline", lifecycle_status: "stale" },
  {
    ...base,
    sensor_id: "5",
    node_name: "gone",
    health_state: "critical",
    lifecycle_status: "revoked",
    trust_health: "revoked",
  },
];

const ids = (query: SensorListQuery): string[] => pageOf(fleet, query).sensors.map((s) => s.sensor_id);

test.each<[string, string[]]>([
  ["", ["3", "1", "2", "4"]],
  ["q=db", ["3", "2", "4"]],
  ["declared_role=amf", ["1"]],
  ["cluster=oslo", ["1"]],
  ["flavor=telecom", ["1"]],
  ["lifecycle_status=revoked", ["5"]],
  ["lifecycle_status=stale", ["4"]],
  ["health_state=critical", ["2"]],
  ["trust_health=renewal_due", ["3"]],
  ["runtime_state=failed", ["2"]],
  ["runtime_mode=simulated", []],
  ["enforcement_state=observe&q=amf", ["1"]],
  ["trust_state=rotated", []],
  ["assigned_pack_id=base", ["3"]],
  ["assigned_pack_presence=assigned", ["3"]],
  ["assigned_pack_presence=unassigned", ["1", "2", "4"]],
  ["has_active_trust_alert=true", ["3"]],
  ["has_active_trust_alert=false", ["1", "2", "4"]],
  ["needs_attention=true", ["3", "2", "4"]],
  ["sort=health_state&order=desc", ["4", "2", "3", "1"]],
  ["page=2&page_size=3", ["4"]],
  ["page=9&page_size=3", []],
])("the list with %s", (query, expected) => {
  expect(ids(listQueryOf(`http://x/?${query}`))).toEqual(expected);
});

describe("the list", () => {
  test("counts the whole fleet, whatever is asked for", () => {
    const { counts, health, total } = pageOf(fleet, { q: "amf" });
    expect(counts).toEqual({ healthy: 3, stale: 1, disabled: 0, revoked: 1 });
    expect(health).toEqual({ healthy: 1, watch: 1, degraded: 0, critical: 1, offline: 1 });
    expect(total).toBe(1);
  });

  test("refuses parameters it does not know, values that do not fit, and repetition", () => {
    for (const query of [
      "colour=red",
      "health_state=fine",
      "page=0",
      "page=x",
      "q=a&q=b",
      "needs_attention=maybe",
      "__proto__=1",
    ])
      expect(() => listQueryOf(`http://x/?${query}`)).toThrow();
  });

  test("pages through 10,000 without showing one twice or leaving one out", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ ...base, sensor_id: String(i), node_name: `n-${i % 7}` }));
    const seen = new Set<string>();
    for (let page = 1; page <= 20; page++)
      for (const s of pageOf(many, { page, page_size: 500 }).sensors) seen.add(s.sensor_id);
    expect(seen.size).toBe(10_000);
  });
});

describe("resources", () => {
  const bucket = (at: number, rx: number) => ({
    bucket: at,
    last_at_ms: at * 1000,
    cpu_percent: 1,
    memory_percent: 1,
    disk_percent: 1,
    load_1m: 1,
    network_rx_bytes: rx,
    network_tx_bytes: 0,
    sensor_rss_bytes: 1,
    engine_rss_bytes: 1,
    sensor_cpu_percent: 1,
    engine_cpu_percent: 1,
    events_total: rx,
    spool_depth: 0,
  });

  test("give rates between neighbours, none across a gap, and begin anew after a restart", () => {
    const { points } = toResources([bucket(0, 0), bucket(15, 150), bucket(30, 30), bucket(300, 900)], 15);
    expect(points.map((p) => p.network_rx_bytes_per_sec)).toEqual([0, 10, 2, 0]);
  });

  test("take spans within reason", () => {
    expect([parseSince(undefined), parseSince("15m"), parseSince("30d")]).toEqual([3_600, 900, 2_592_000]);
    for (const text of ["", "1", "31d", "59s", "1w", "-1h"]) expect(() => parseSince(text)).toThrow();
    expect([stepFor(900), stepFor(3_600), stepFor(86_400)]).toEqual([15, 15, 360]);
  });
});
