import { describe, expect, test } from "bun:test";
import type { SensorDetail, SensorList } from "../../core/api/sensors.ts";
import { fleetSentence } from "./overview/page.tsx";
import { countBy } from "./overview/state.ts";
import { pipelineStages } from "./sensor-detail/pipeline-flow.tsx";
import { sensorParams, sensorTokens } from "./sensors/filters.ts";
import { judgePassword } from "./setup/password.ts";

test("the filters of the sensor list come from the URL, unknown values left out", () => {
  const params = sensorParams(
    new URLSearchParams("health_state=degraded&trust_state=nonsense&q=db&sort=node_name&order=desc&page=3&evil=1"),
  );
  expect(params).toEqual({ health_state: "degraded", q: "db", sort: "node_name", order: "desc", page: "3" });
  expect(sensorTokens(params)).toEqual([{ field: "health_state", label: "health", value: "Degraded" }]);
});

describe("judgePassword", () => {
  test("counts what is missing, and names what is guessable", () => {
    expect(judgePassword("short", []).words).toBe("7 more characters needed.");
    expect(judgePassword("nordic-tele-1", ["Nordic Telecom"]).level).toBe(1);
    expect(judgePassword("password12345", []).level).toBe(1);
    expect(judgePassword("aaaaaaaaaaaaaaaa", []).level).toBe(1);
    expect(judgePassword("copper lantern", []).level).toBe(2);
    expect(judgePassword("copper lantern drifting", []).level).toBe(3);
  });
});

test("the overview says the one thing to know first", () => {
  const list = (healthy: number, critical: number): SensorList =>
    ({ health: { healthy, watch: 0, degraded: 0, critical, offline: 0 } }) as SensorList;
  expect([list(1, 0), list(9, 0), list(9, 1), list(9, 2)].map(fleetSentence)).toEqual([
    "The sensor is healthy",
    "All 9 sensors are healthy",
    "1 of 10 sensors needs attention",
    "2 of 11 sensors need attention",
  ]);
});

test("values are ranked by how often they occur", () => {
  const rows = ["a", "b", "b", "", "c"].map((kind) => ({ kind }) as never);
  expect(countBy(rows, (row: { kind: string }) => row.kind, 2)).toEqual([
    { key: "b", value: 2 },
    { key: "a", value: 1 },
  ]);
});

test("every place where an event can be lost is shown", () => {
  const pipeline: NonNullable<SensorDetail["pipeline"]> = {
    lines_read: 100,
    lines_malformed: 1,
    lines_unknown: 2,
    events_normalized: 97,
    events_folded: 3,
    events_spooled: 94,
    events_sent: 90,
    events_acked: 88,
    events_rejected: 4,
    spool_depth: 6,
    spool_bytes: 100,
    spool_dropped: 5,
    spool_corrupt: 6,
    reconnects: 0,
    heartbeat_failures: 0,
    stream_connected: true,
    tail_lag_bytes: 0,
    kernel_lost: 7,
  };
  const leaves = pipelineStages(pipeline, 4).flatMap((stage) => stage.leaves);
  expect(leaves.filter((leave) => leave.tone === "loss").map((leave) => leave.count)).toEqual([7, 1, 2, 5, 6, 4]);
});
