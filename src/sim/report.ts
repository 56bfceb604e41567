import type { Verdict } from "./check/check.ts";
import type { FleetStatus } from "./fleet/config.ts";
import type { Histogram } from "./fleet/histogram.ts";

export interface SimReport {
  readonly n: number;
  readonly seed: number;
  readonly run: number;
  readonly started_at: string;
  readonly duration_s: number;
  readonly generated: number;
  readonly acked: number;
  /** Dropped by the sensors' own bound, and said so to the Console. */
  readonly missing: number;
  readonly not_acknowledged: number;
  readonly drain_s: number;
  readonly live_at_end: number;
  readonly latencies_ms: Readonly<
    Record<"heartbeat" | "ack" | "connect", { p50: number; p99: number; max: number; count: number }>
  >;
  readonly counts: FleetStatus["tally"]["counts"];
  readonly reasons: Readonly<Record<string, number>>;
  readonly simulator: {
    readonly cpu_s: number;
    /** Of one core, over the run. */
    readonly cpu_percent: number;
    readonly rss_mb: number;
    readonly kb_per_sensor: number;
  };
  readonly check?: Verdict;
}

const ms = (h: Histogram) => ({
  p50: round(h.quantile(0.5)),
  p99: round(h.quantile(0.99)),
  max: round(h.max),
  count: h.count,
});
const round = (value: number): number => Math.round(value * 10) / 10;

/** Puts the figures of a run together. */
export function makeReport(o: {
  readonly n: number;
  readonly seed: number;
  readonly run: number;
  readonly startAtMs: number;
  readonly drainMs: number;
  readonly status: FleetStatus;
  readonly verdict: Verdict | undefined;
}): SimReport {
  const { status, startAtMs, verdict } = o;
  const { tally } = status;
  const secs = (Date.now() - startAtMs) / 1000;
  return {
    n: o.n,
    seed: o.seed,
    run: o.run,
    started_at: new Date(startAtMs).toISOString(),
    duration_s: round(secs),
    generated: status.generated,
    acked: status.acked - status.missing,
    missing: status.missing,
    not_acknowledged: status.generated - status.acked,
    drain_s: round(o.drainMs / 1000),
    live_at_end: status.live,
    latencies_ms: { heartbeat: ms(tally.heartbeatMs), ack: ms(tally.ackMs), connect: ms(tally.connectMs) },
    counts: tally.counts,
    reasons: tally.reasons,
    simulator: {
      cpu_s: round(status.cpuMs / 1000),
      cpu_percent: round(status.cpuMs / 10 / secs),
      rss_mb: Math.round(status.rssBytes / 1e6),
      kb_per_sensor: Math.round(Math.max(0, status.rssBytes - status.baseRssBytes) / 1024 / o.n),
    },
    ...(verdict ? { check: verdict } : {}),
  };
}

/** The report in lines for people. */
export function reportText(r: SimReport): string {
  const latency = (name: string, l: { p50: number; p99: number; max: number; count: number }): string =>
    `${name.padEnd(10)} p50 ${l.p50} ms, p99 ${l.p99} ms, longest ${l.max} ms (${l.count})`;
  const lines = [
    `${r.n} sensors, seed ${r.seed}, run ${r.run}: ${r.duration_s} s`,
    `events     ${r.generated} generated, ${r.acked} acknowledged, ${r.missing} dropped by the sensors' bound, ${r.not_acknowledged} left`,
    `drained    ${r.drain_s} s after the last event; ${r.live_at_end} streams up`,
    latency("heartbeat", r.latencies_ms.heartbeat),
    latency("ack", r.latencies_ms.ack),
    latency("connect", r.latencies_ms.connect),
    `simulator  ${r.simulator.cpu_s} CPU s (${r.simulator.cpu_percent} % of a core), ${r.simulator.rss_mb} MB, ${r.simulator.kb_per_sensor} KB a sensor`,
    `ends       ${
      Object.entries(r.reasons)
        .map(([why, count]) => `${why}: ${count}`)
        .join("; ") || "none"
    }`,
  ];
  if (r.check) lines.push(verdictText(r.check));
  return `${lines.join("\n")}\n`;
}

const SHOWN = 10;

/** What a comparison came to, in lines. */
export function verdictText(v: Verdict): string {
  const causes = Object.entries(v.ledger_by_cause).map(([cause, count]) => `${cause} ${count}`);
  const head = `check      ${v.generated} generated = ${v.stored} stored + ${v.ledger} in the ledger${causes.length > 0 ? ` (${causes.join(", ")})` : ""}: ${v.ok ? "holds for every sensor" : "DOES NOT HOLD"}; ${v.doubled} doubled, contents of ${v.contents_compared} lanes compared`;
  const wrong = v.mismatches.slice(0, SHOWN).map((m) => `  sensor ${m.index} (${m.sensor_id}): ${m.what}`);
  const liars = v.liars
    .slice(0, SHOWN)
    .map((m) => `  rogue ${m.index}: ${m.generated} made, ${m.stored} stored, ${m.ledger} in the ledger`);
  return [head, ...wrong, ...liars].join("\n");
}
