import { join } from "node:path";
import { StoredEvents } from "../check/store.ts";
import { SimState } from "../enrol/state.ts";
import { DEFAULT_BEHAVIOUR } from "../options.ts";
import { startRun } from "../run.ts";
import { TestBed, type BedOptions } from "../scenario/bed.ts";
import { untilUp } from "../scenario/stage.ts";
import { measureAlone } from "./store.ts";

export interface IngestFigures {
  /** From sockets to durable rows, and what the engine alone inserts of the same rows as JSON lines. */
  readonly rowsPerSec: number;
  readonly aloneRowsPerSec: number;
  readonly cpuSecsPerMillion: Readonly<Record<"console" | "clickhouse" | "simulator", number>>;
  readonly consoleRssBytes: number;
}

const WARM_UP_MS = 5_000;
const SAMPLE_ROWS = 100_000;
const ALONE_TIMES = 5;

/** Lets a few sensors send as fast as they are granted, over mutual TLS, and then the engine insert the same rows alone. */
export async function measureIngest(
  options: {
    readonly sensors: number;
    readonly measureMs: number;
    readonly processes: number;
    readonly bed: BedOptions;
  },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<IngestFigures> {
  const { sensors: n, measureMs, processes } = options;
  await using bed = await TestBed.start(options.bed);
  const behaviour = {
    ...DEFAULT_BEHAVIOUR,
    n,
    eps: 200_000 / n,
    alertShare: 0,
    rampMs: 0,
    durationMs: 3_600_000,
    // Nothing is dropped: what counts is what the Console takes.
    queueEvents: 1e9,
  };
  const running = await startRun({
    behaviour,
    state: new SimState(join(bed.dir, "sim")),
    console: { hostname: bed.host, port: bed.port },
    token: () => bed.token(),
    processes,
    say,
    signal,
  });
  await using fleet = running.fleet;
  await untilUp(fleet, n, signal);
  await Bun.sleep(WARM_UP_MS);
  const look = async () => ({ atMs: performance.now(), status: await fleet.status(), usage: await bed.usage() });
  const from = await look();
  await Bun.sleep(measureMs);
  const to = await look();
  await fleet[Symbol.asyncDispose]();
  const rows = to.status.acked - from.status.acked;
  say(`${rows} rows in ${((to.atMs - from.atMs) / 1000).toFixed(1)} s`);
  const perMillion = (ms: number): number => ms / 1000 / (rows / 1e6);
  await using store = await StoredEvents.open({ dataDir: bed.dataDir });
  const aloneRowsPerSec = await measureAlone(store, { rows: SAMPLE_ROWS, times: ALONE_TIMES }, signal);
  return {
    rowsPerSec: rows / ((to.atMs - from.atMs) / 1000),
    aloneRowsPerSec,
    cpuSecsPerMillion: {
      console: perMillion(to.usage.console.cpuMs - from.usage.console.cpuMs),
      clickhouse: perMillion(to.usage.clickhouse.cpuMs - from.usage.clickhouse.cpuMs),
      simulator: perMillion(to.status.cpuMs - from.status.cpuMs),
    },
    consoleRssBytes: to.usage.console.rssBytes,
  };
}
