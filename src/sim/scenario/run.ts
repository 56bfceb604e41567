import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { checkRun, type CheckOptions, type Verdict } from "../check/check.ts";
import { StoredEvents } from "../check/store.ts";
import { SimState } from "../enrol/state.ts";
import { traitsOf } from "../fleet/fleet.ts";
import type { Behaviour } from "../options.ts";
import { makeReport, type SimReport } from "../report.ts";
import { startRun, untilDrained } from "../run.ts";
import { TestBed, type BedOptions } from "./bed.ts";
import { ScenarioKafka } from "./kafka.ts";
import { ScenarioRedis } from "./redis.ts";
import { makeSmallDisk } from "./small-disk.ts";
import { untilUp, type Scenario, type Stage } from "./stage.ts";

const SMALL_DISK = "2G";
/** So long the event store may stand still while it reads what the broker has for it. */
const READING_MS = 60_000;

export interface ScenarioResult {
  readonly scenario: string;
  readonly passed: boolean;
  /** Why it did not pass. */
  readonly problem?: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Processor seconds of the Console and its stores over the run, all and for one sensor and second; resident memory at the end. */
  readonly console: {
    readonly cpu_s: Readonly<Record<string, number>>;
    readonly cpu_ms_per_sensor_and_s: number;
    readonly rss_mb: Readonly<Record<string, number>>;
  };
  readonly report: SimReport;
}

export interface ScenarioOptions {
  readonly scenario: Scenario;
  /** What the scenario wants of the fleet is in it already. */
  readonly behaviour: Behaviour;
  readonly outageMs: number;
  /** Keys are kept here between scenarios; certificates are not, each Console has an authority of its own. */
  readonly keysFrom?: string;
  readonly processes: number;
  readonly bed?: BedOptions;
  /** Directory of Apache Kafka's jar files, for a scenario that needs a broker. */
  readonly kafkaJars?: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The verdict; where events go by a broker, once the event store has read all of them or does not go on. */
async function verdictOf(options: CheckOptions, queued: boolean, signal: AbortSignal): Promise<Verdict> {
  let movedMs = performance.now();
  let there = -1;
  for (;;) {
    const verdict = await checkRun(options);
    if (verdict.stored + verdict.ledger !== there) movedMs = performance.now();
    there = verdict.stored + verdict.ledger;
    if (verdict.ok || !queued || signal.aborted || performance.now() - movedMs > READING_MS) return verdict;
    await Bun.sleep(1_000);
  }
}

/** What the Console is given besides its own parts. */
type Helpers = Pick<Stage, "redis" | "kafka" | "disk">;

async function play(options: ScenarioOptions, bed: TestBed, helpers: Helpers): Promise<ScenarioResult> {
  const { scenario, behaviour, outageMs, say, signal, processes } = options;
  const { n, seed, rampMs, durationMs } = behaviour;
  const state = new SimState(join(bed.dir, "sim"));
  if (options.keysFrom !== undefined) await state.saveKeys((await new SimState(options.keysFrom).keys()).slice(0, n));
  const before = await bed.usage();
  const running = await startRun({
    behaviour,
    state,
    console: { hostname: bed.host, port: bed.port },
    token: () => bed.token(),
    processes,
    ...(scenario.rogueKind === undefined ? {} : { rogueKind: scenario.rogueKind }),
    rogueDelayMs: scenario.rogueAfter === undefined ? 0 : rampMs + (durationMs - rampMs) * scenario.rogueAfter,
    say,
    signal,
  });
  if (options.keysFrom !== undefined) await new SimState(options.keysFrom).saveKeys(await state.keys());
  await using fleet = running.fleet;
  const enrolled = await bed.usage();
  const figures: Record<string, number> = {};
  const rogues = Array.from({ length: n }, (_, i) => traitsOf(behaviour, i).rogue).filter(
    (r) => r !== undefined,
  ).length;
  const leftMs = (): number => running.startAtMs + durationMs - Date.now();
  const stage: Stage = { bed, ...helpers, fleet, behaviour, rogues, outageMs, leftMs, say, signal, figures };
  let problem: string | undefined;
  if (!scenario.atOnce && (await untilUp(fleet, n, signal)) === undefined) problem = "not every sensor came up";
  // With enough of the run left for what is done to have its effect under load.
  if (problem === undefined) problem = await scenario.act(stage);
  const drain = await untilDrained(
    running,
    durationMs,
    (s) => say(`${s.live} up; ${s.generated} made, ${s.acked} acknowledged`),
    signal,
  );
  if (drain.stuck) problem ??= "events are left that nobody acknowledges";
  const status = await fleet.status();
  const results = await fleet.results();
  await using store = await StoredEvents.open({ dataDir: bed.dataDir });
  const check = { behaviour, run: running.run, results, sinceMs: running.startAtMs - 1_000, store };
  const verdict = await verdictOf(check, helpers.kafka !== undefined, signal);
  const [wrong] = verdict.mismatches;
  if (wrong) problem ??= `sensor ${wrong.index}: ${wrong.what}`;
  const usage = await bed.usage();
  const secs = (Date.now() - running.startAtMs) / 1000;
  const parts = ["console", "clickhouse", "postgres"] as const;
  const used = (part: (typeof parts)[number]): number => usage[part].cpuMs - enrolled[part].cpuMs;
  const all = parts.reduce((sum, part) => sum + used(part), 0);
  return {
    scenario: scenario.name,
    passed: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
    figures: { ...figures, enrol_cpu_ms_per_sensor: Math.round((enrolled.console.cpuMs - before.console.cpuMs) / n) },
    console: {
      cpu_s: Object.fromEntries(parts.map((part) => [part, Math.round(used(part) / 100) / 10])),
      cpu_ms_per_sensor_and_s: Math.round((all / n / secs) * 1000) / 1000,
      rss_mb: Object.fromEntries(parts.map((part) => [part, Math.round(usage[part].rssBytes / 1e6)])),
    },
    report: makeReport({
      n,
      seed,
      run: running.run,
      startAtMs: running.startAtMs,
      drainMs: drain.drainMs,
      status,
      verdict,
    }),
  };
}

async function startKafka({ scenario, kafkaJars }: ScenarioOptions): Promise<ScenarioKafka | undefined> {
  if (!scenario.kafka) return undefined;
  if (kafkaJars !== undefined) return ScenarioKafka.start({ jars: kafkaJars });
  throw new AppError("invalid_request", `The scenario ${scenario.name} needs a Kafka broker.`, {
    hint: "Name the directory of Apache Kafka's jar files with --kafka-jars; it is started with the Java of this host.",
  });
}

/** Starts a Console, plays one scenario against it, and compares to the event. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  await using kafka = await startKafka(options);
  await using disk = options.scenario.smallDisk ? await makeSmallDisk(SMALL_DISK, options.bed?.parent) : undefined;
  await using redis = options.scenario.redis ? await ScenarioRedis.start() : undefined;
  await using bed = await TestBed.start({
    ...options.bed,
    ...(disk ? { parent: disk.path } : {}),
    args: [
      ...(options.bed?.args ?? []),
      ...(redis ? ["--redis-url", redis.url] : []),
      ...(kafka ? ["--redpanda-url", kafka.address] : []),
    ],
  });
  try {
    return await play(options, bed, { redis, kafka, disk });
  } catch (error) {
    for (const line of bed.output.split("\n").slice(-15)) options.say(line.slice(0, 300));
    throw error;
  }
}
