import { describe, expect, test } from "bun:test";
import type { HealthState, LifecycleStatus, TrustHealth } from "../../core/api/sensors.ts";
import { computeHealth, spanWords, type HealthFacts } from "./health.ts";
import { trustHealth } from "./trust-health.ts";

const NOW = Date.UTC(2026, 10, 21);
const STALE = 90_000;
const SECOND = 1_000;
const HOUR = 3_600_000;

const well: HealthFacts = {
  lifecycle: "active",
  trustHealth: "healthy",
  certificateEndsMs: NOW + 500 * HOUR,
  enrolledMs: NOW - 100 * HOUR,
  lastSeenMs: NOW - 5 * SECOND,
  streamConnected: false,
  engineState: "running",
  engineReason: undefined,
  runtimeMode: "live",
  hooksOk: 20,
  hooksDegraded: 0,
  hooksRejected: 0,
  lastLossMs: undefined,
  cpuPercent: 10,
  memoryPercent: 40,
  diskPercent: 50,
  spoolDepth: 0,
  clockSkewMs: 0,
};
const ago = (ms: number): number => NOW - ms;

test.each<[string, Partial<HealthFacts>, LifecycleStatus, HealthState, string[]]>([
  ["all is well", {}, "healthy", "healthy", []],
  ["45 s of silence", { lastSeenMs: ago(45 * SECOND) }, "healthy", "healthy", []],
  ["46 s of silence", { lastSeenMs: ago(46 * SECOND) }, "healthy", "watch", ["heartbeat_delayed"]],
  ["90 s of silence", { lastSeenMs: ago(90 * SECOND) }, "healthy", "watch", ["heartbeat_delayed"]],
  ["91 s of silence", { lastSeenMs: ago(91 * SECOND) }, "stale", "degraded", ["heartbeat_stale"]],
  ["360 s of silence", { lastSeenMs: ago(360 * SECOND) }, "stale", "degraded", ["heartbeat_stale"]],
  ["361 s of silence", { lastSeenMs: ago(361 * SECOND) }, "stale", "offline", ["heartbeat_missing"]],
  ["a stream, whatever the silence", { lastSeenMs: ago(HOUR), streamConnected: true }, "healthy", "healthy", []],
  ["no heartbeat since it enrolled long ago", { lastSeenMs: undefined }, "stale", "offline", ["heartbeat_missing"]],
  ["just enrolled", { lastSeenMs: undefined, enrolledMs: ago(SECOND) }, "healthy", "healthy", []],
  ["a second node a minute ago", { cloneSuspectedMs: ago(60 * SECOND) }, "healthy", "degraded", ["clone_suspected"]],
  ["a second node long ago", { cloneSuspectedMs: ago(2 * HOUR) }, "healthy", "healthy", []],
  ["engine failed", { engineState: "failed" }, "healthy", "critical", ["engine_down"]],
  ["engine stopped", { engineState: "stopped" }, "healthy", "critical", ["engine_down"]],
  ["engine restarting", { engineState: "backoff" }, "healthy", "critical", ["engine_down"]],
  ["engine starting", { engineState: "starting" }, "healthy", "watch", ["engine_starting"]],
  ["no hook accepted", { hooksOk: 0, hooksRejected: 20 }, "healthy", "critical", ["kernel_guard_failed"]],
  ["some hooks refused", { hooksRejected: 2 }, "healthy", "watch", ["coverage_reduced"]],
  [
    "renewal recommended",
    { trustHealth: "renewal_recommended" },
    "healthy",
    "watch",
    ["certificate_renewal_recommended"],
  ],
  ["renewal due", { trustHealth: "renewal_due" }, "healthy", "degraded", ["certificate_renewal_due"]],
  ["trust degraded", { trustHealth: "degraded" }, "healthy", "degraded", ["trust_degraded"]],
  [
    "the certificate ended",
    { trustHealth: "degraded", certificateEndsMs: ago(HOUR) },
    "healthy",
    "degraded",
    ["certificate_expired"],
  ],
  [
    "no certificate that counts",
    { trustHealth: "degraded", certificateEndsMs: undefined },
    "healthy",
    "degraded",
    ["certificate_expired"],
  ],
  ["a clock a minute ahead", { clockSkewMs: 60 * SECOND }, "healthy", "watch", ["clock_skew"]],
  ["a clock a day behind", { clockSkewMs: -24 * HOUR }, "healthy", "degraded", ["clock_skew"]],
  ["events lost lately", { lastLossMs: ago(59 * 60 * SECOND) }, "healthy", "watch", ["event_loss"]],
  ["events lost long ago", { lastLossMs: ago(61 * 60 * SECOND) }, "healthy", "healthy", []],
  ["memory full", { memoryPercent: 97 }, "healthy", "watch", ["memory_pressure"]],
  [
    "processor and disk full",
    { cpuPercent: 99, diskPercent: 96 },
    "healthy",
    "watch",
    ["cpu_pressure", "disk_pressure"],
  ],
  ["spool filling", { spoolDepth: 90_000 }, "healthy", "watch", ["spool_filling"]],
  ["a small spool filling", { spoolDepth: 4_000, spoolMaxEvents: 5_000 }, "healthy", "watch", ["spool_filling"]],
  ["a large spool with room", { spoolDepth: 90_000, spoolMaxEvents: 1_000_000 }, "healthy", "healthy", []],
  ["clock behind", { clockSkewMs: -120 * SECOND }, "healthy", "watch", ["clock_skew"]],
  ["simulated", { runtimeMode: "simulated" }, "healthy", "watch", ["runtime_simulated"]],
  [
    "revoked, whatever else",
    { lifecycle: "revoked", engineState: "failed" },
    "revoked",
    "critical",
    ["identity_revoked"],
  ],
  ["decommissioned", { lifecycle: "decommissioned" }, "revoked", "critical", ["identity_revoked"]],
  ["disabled", { lifecycle: "disabled", lastSeenMs: ago(HOUR) }, "disabled", "watch", ["disabled"]],
  [
    "worst first",
    { engineState: "failed", cpuPercent: 99, trustHealth: "degraded" },
    "healthy",
    "critical",
    ["engine_down", "trust_degraded", "cpu_pressure"],
  ],
  [
    "offline says nothing of then",
    { lastSeenMs: ago(HOUR), engineState: "failed", cpuPercent: 99 },
    "stale",
    "offline",
    ["heartbeat_missing"],
  ],
])("health: %s", (_name, facts, status, state, codes) => {
  const health = computeHealth({ ...well, ...facts }, NOW, STALE);
  expect([health.status, health.state, health.reasons.map((r) => r.code)]).toEqual([status, state, codes]);
  for (const reason of health.reasons)
    expect([reason.message, reason.action].every((text) => /^.+[.]$/.test(text))).toBe(true);
});

describe("thresholds follow the setting", () => {
  test("of 30 s", () => {
    const at = (secs: number): HealthState =>
      computeHealth({ ...well, lastSeenMs: ago(secs * SECOND) }, NOW, 30_000).state;
    expect([at(15), at(16), at(31), at(121)]).toEqual(["healthy", "watch", "degraded", "offline"]);
  });
});

test.each<[string, boolean, number | undefined, number | undefined, TrustHealth]>([
  ["valid for long", false, NOW + 100 * HOUR, undefined, "healthy"],
  ["72 h and a moment left", false, NOW + 72 * HOUR + 1, undefined, "healthy"],
  ["72 h left", false, NOW + 72 * HOUR, undefined, "renewal_recommended"],
  ["24 h left", false, NOW + 24 * HOUR, undefined, "renewal_due"],
  ["a moment left", false, NOW + 1, undefined, "renewal_due"],
  ["expired", false, NOW, undefined, "degraded"],
  ["expired a day ago", false, NOW - 24 * HOUR, NOW, "degraded"],
  ["an error 15 minutes ago", false, NOW + 100 * HOUR, NOW - HOUR / 4, "renewal_due"],
  ["an error an hour ago", false, NOW + 100 * HOUR, NOW - HOUR, "degraded"],
  ["an error two days ago", false, NOW + 100 * HOUR, NOW - 48 * HOUR, "healthy"],
  ["no certificate on record", false, undefined, undefined, "degraded"],
  ["revoked", true, NOW + 100 * HOUR, undefined, "revoked"],
])("trust: %s", (_name, revoked, notAfterMs, lastErrorMs, expected) => {
  expect(trustHealth({ revoked, notAfterMs, lastErrorMs }, NOW)).toBe(expected);
});

test("spans of time are words", () => {
  expect([0, 1_000, 90_000, 130_000, 2 * HOUR, 50 * HOUR].map(spanWords)).toEqual([
    "0 seconds",
    "1 second",
    "90 seconds",
    "2 minutes",
    "2 hours",
    "2 days",
  ]);
});
