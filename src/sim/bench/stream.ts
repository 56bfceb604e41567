import { join } from "node:path";
import type { LiveDown } from "../../core/api/events.ts";
import { checkRun, type Verdict } from "../check/check.ts";
import { StoredEvents } from "../check/store.ts";
import { SimState } from "../enrol/state.ts";
import { Histogram } from "../fleet/histogram.ts";
import type { Behaviour } from "../options.ts";
import { startRun, untilDrained } from "../run.ts";
import { TestBed, type BedOptions } from "../scenario/bed.ts";

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

/** A browser's live view of what is urgent; each event's age when it comes is added to `ages`. */
async function watchAlerts(bed: TestBed, ages: Histogram): Promise<{ seen: () => number; close: () => void }> {
  // Bun's second argument; the browser's type, which is in scope too, knows only protocols.
  const options = { headers: { cookie: bed.cookie, origin: bed.url }, tls: { rejectUnauthorized: false } };
  const socket = new WebSocket(`${bed.url.replace("https", "wss")}/api/v1/live`, options as unknown as string[]);
  const ready = Promise.withResolvers<void>();
  let seen = 0;
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "subscribe", filter: { severity: ["high", "critical"] }, rate: 1000 }));
  socket.onerror = () => ready.reject(new Error("the live view could not be opened"));
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as LiveDown;
    if (frame.type === "ready") ready.resolve();
    if (frame.type !== "events") return;
    for (const event of frame.events) {
      seen++;
      ages.add(Date.now() - Date.parse(event.observed_at));
    }
  };
  await ready.promise;
  return { seen: () => seen, close: () => socket.close() };
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
