import { describe, expect, test } from "bun:test";
import type { SensorDetail, SensorList } from "../../core/api/sensors.ts";
import { arrivalPhase } from "./overview/arrival-phase.ts";
import { fleetSentence } from "./overview/page.tsx";
import { countBy } from "./overview/state.ts";
import { hookTitle } from "./sensor-detail/engine-section.tsx";
import { pipelineNotes, pipelineStages } from "./sensor-detail/pipeline-flow.tsx";
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
    ({ sensors: [], health: { healthy, watch: 0, degraded: 0, critical, offline: 0 } }) as never as SensorList;
  expect([list(1, 0), list(9, 0), list(9, 1), list(9, 2)].map((given) => fleetSentence(given, 0))).toEqual([
    "The sensor is healthy",
    "All 9 sensors are healthy",
    "1 of 10 sensors needs attention",
    "2 of 11 sensors need attention",
  ]);
});

describe("the first minute", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const iso = (agoSecs: number): string => new Date(nowMs - agoSecs * 1000).toISOString();
  const list = (sensors: object[], watch = 0): SensorList =>
    ({ sensors, health: { healthy: sensors.length - watch, watch, degraded: 0, critical: 0, offline: 0 } }) as never;
  const sensor = (agoSecs: number, more: object = {}): object => ({
    node_name: "db-1",
    enrolled_at: iso(agoSecs),
    health_state: "healthy",
    health_reasons: [],
    ...more,
  });
  const token = (status: string, by: string): never =>
    ({ status, created_by: by, created_at: iso(5), used_at: status === "used" ? iso(1) : null }) as never;
  const at = (given: object): string | undefined =>
    arrivalPhase({ list: list([]), events: 0, tokens: [], setUpAtMs: 0, nowMs, ...given } as never)?.at;

  test("looks before it asks for anything, then knows the own sensor from others", () => {
    expect(at({ setUpAtMs: nowMs - 2000 })).toBe("looking");
    expect(at({ setUpAtMs: nowMs - 20_000 })).toBe("steps");
    expect(at({ tokens: [token("pending", "administrator of this host")] })).toBe("joining");
    expect(at({ tokens: [token("used", "administrator of this host")] })).toBe("joining");
    expect(at({ tokens: [token("pending", "ada@example.org")] })).toBe("steps");
  });
  test("waits for the first events of a sensor that has just joined, and of no other", () => {
    expect(at({ list: list([sensor(5)]) })).toBe("joined");
    expect(at({ list: list([sensor(5)]), events: 3 })).toBeUndefined();
    expect(at({ list: list([sensor(900)]) })).toBeUndefined();
  });
  test("is not alarmed by an engine that starts", () => {
    const starting = { health_state: "watch", health_reasons: [{ code: "engine_starting" }] };
    expect(fleetSentence(list([sensor(5, starting)], 1), nowMs)).toBe("db-1 has just joined and is starting");
    expect(fleetSentence(list([sensor(900, starting)], 1), nowMs)).toBe("1 of 1 sensor needs attention");
  });
});

test("values are ranked by how often they occur", () => {
  const rows = ["a", "b", "b", "", "c"].map((kind) => ({ kind }) as never);
  expect(countBy(rows, (row: { kind: string }) => row.kind, 2)).toEqual([
    { key: "b", value: 2 },
    { key: "a", value: 1 },
  ]);
});

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

test("what waits on the node is told by lane, and what has nothing to say is left out", () => {
  const told = (more: object): readonly string[] =>
    pipelineNotes({ ...pipeline, ...more }).flatMap(([name, words]) => (words === false ? [] : [`${name}: ${words}`]));
  expect(told({})).toEqual(["Waits on the node: 6 events (100 B)"]);
  expect(told({ spool_depth: 0 })).toEqual(["Waits on the node: nothing"]);
  expect(told({ alert_depth: 2, backlogs: 1, epochs_renewed: 3, reconnects: 1 })).toEqual([
    "Waits on the node: 2 alerts and 4 other events (100 B)",
    "Older queues: 1 from before, still to be delivered",
    "Stream: opened anew 1 time",
    "Sequences: 3 begun anew: another sensor used the numbers. Look for a copy of this node.",
  ]);
});

test("hooks are called by what they watch", () => {
  expect(["telovix-tcp-accept", "dns", "existing-processes"].map(hookTitle)).toEqual([
    "TCP accept",
    "DNS",
    "Existing processes",
  ]);
});

test("every place where an event can be lost is shown", () => {
  const leaves = pipelineStages(pipeline, 4).flatMap((stage) => stage.leaves);
  expect(leaves.filter((leave) => leave.tone === "loss").map((leave) => leave.count)).toEqual([7, 1, 2, 5, 6, 4]);
});
