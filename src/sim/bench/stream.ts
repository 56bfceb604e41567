import { join } from "node:path";
import { checkRun, type Verdict } from "../check/check.ts";
import { StoredEvents } from "../check/store.ts";
import { SimState } from "../enrol/state.ts";
import { Histogram } from "../fleet/histogram.ts";
import type { Behaviour } from "../options.ts";
import { startRun, untilDrained } from "../run.ts";
import { TestBed, type BedOptions } from "../scenario/bed.ts";
import { watchAlerts } from "../scenario/watch-alerts.ts";

export interface StreamFigures {
  /** From when an alert happened on its node to when a browser has it; the sensor's tick of half a second is in it. */
  readonly alertMs: Histogram;
  readonly heartbeatMs: Histogram;
  readonly ackMs: Histogram;
  readonly alerts: number;
  readonly seen: number;
  readonly verdict: Verdict;
  readonly consoleRssBytes: number;
  readonly cpuMsPerSensorAndSec: Readonly<Record<"console" | "clickhouse" | "postgres" | "simulator", number>>;
}

/** Plays a fleet and watches its alerts arrive in a browser's live view. */
export async function measureStream(
  options: {
    readonly behaviour: Behaviour;
    readonly processes: number;
    readonly bed: BedOptions;
    readonly keysFrom: string;
  },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<StreamFigures> {
  const { behaviour, processes, keysFrom } = options;
  const { n } = behaviour;
  await using bed = await TestBed.start(options.bed);
  const state = new SimState(join(bed.dir, "sim"));
  await state.saveKeys((await new SimState(keysFrom).keys()).slice(0, n));
  const alertMs = new Histogram();
  const watch = await watchAlerts(bed, alertMs);
  const running = await startRun({
    behaviour,
    state,
    console: { hostname: bed.host, port: bed.port },
    token: () => bed.token(),
    processes,
    say,
    signal,
  });
  const known = await new SimState(keysFrom).keys();
  if (known.length < n) await new SimState(keysFrom).saveKeys(await state.keys());
  await using fleet = running.fleet;
  const before = { atMs: performance.now(), usage: await bed.usage(), cpuMs: (await fleet.status()).cpuMs };
  await untilDrained(
    running,
    behaviour.durationMs,
    (s) => say(`${s.live} up; ${s.generated} made, ${s.acked} acknowledged`),
    signal,
  );
  const status = await fleet.status();
  const usage = await bed.usage();
  const results = await fleet.results();
  watch.close();
  await using store = await StoredEvents.open({ dataDir: bed.dataDir });
  const verdict = await checkRun({ behaviour, run: running.run, results, sinceMs: running.startAtMs - 1_000, store });
  const secs = (performance.now() - before.atMs) / 1000;
  const share = (part: "console" | "clickhouse" | "postgres"): number =>
    (usage[part].cpuMs - before.usage[part].cpuMs) / n / secs;
  return {
    alertMs,
    heartbeatMs: status.tally.heartbeatMs,
    ackMs: status.tally.ackMs,
    alerts: results.reduce((sum, r) => sum + r.lanes[1]!.generated, 0),
    seen: watch.seen(),
    verdict,
    consoleRssBytes: usage.console.rssBytes,
    cpuMsPerSensorAndSec: {
      console: share("console"),
      clickhouse: share("clickhouse"),
      postgres: share("postgres"),
      simulator: (status.cpuMs - before.cpuMs) / n / secs,
    },
  };
}
