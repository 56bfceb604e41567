import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../core/error.ts";
import { checkRun, type CheckOptions, type Verdict } from "../check/check.ts";
import { StoredEvents } from "../check/store.ts";
import { SimState } from "../enrol/state.ts";
import type { Behaviour } from "../options.ts";
import { makeReport, type SimReport } from "../report.ts";
import { startRun, untilDrained } from "../run.ts";
import { TestBed, type BedOptions } from "./bed.ts";
import { ScenarioKafka } from "./kafka.ts";
import { ScenarioRedis } from "./redis.ts";
import { untilGreen, type Scenario, type Stage } from "./scenarios.ts";

const exec = promisify(execFile);
const SMALL_DISK = "2G";
/** So long the event store may stand still while it reads what the broker has for it. */
const READING_MS = 60_000;

export interface ScenarioResult {
  readonly scenario: string;
  readonly passed: boolean;
  /** Why it did not pass. */
  readonly problem?: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Processor seconds of the Console and its stores over the run, all and for one sensor and hour; resident memory at the end. */
  readonly console: {
    readonly cpu_s: Readonly<Record<string, number>>;
    readonly cpu_ms_per_sensor_and_s: number;
    readonly rss_mb: Readonly<Record<string, number>>;
  };
  readonly report: SimReport;
}

export interface ScenarioOptions {
  readonly scenario: Scenario;
  readonly behaviour: Behaviour;
  /** Keys are kept here between scenarios; certificates are not, each Console has an authority of its own. */
  readonly keysFrom?: string;
  readonly processes: number;
  readonly bed?: BedOptions;
  /** Directory of Apache Kafka's jar files, for a scenario that needs a broker. */
  readonly kafkaJars?: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A small file system of its own, in a file, gone afterwards. */
async function smallDisk(parent: string): Promise<{ path: string } & AsyncDisposable> {
  if (process.getuid?.() !== 0)
    throw new AppError("forbidden", "This scenario mounts a file system, which only root may.", {
      hint: "Run it as root.",
    });
  const path = await mkdtemp(join(parent, "telovix-disk-"));
  const image = `${path}.img`;
  await exec("truncate", ["-s", SMALL_DISK, image]);
  await exec("mkfs.ext4", ["-q", "-m", "0", image]);
  await exec("mount", ["-o", "loop", image, path]);
  await chmod(path, 0o755);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await exec("umount", ["-l", path]);
      await rm(path, { recursive: true, force: true });
      await rm(image, { force: true });
    },
  };
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
type Helpers = Pick<Stage, "redis" | "kafka">;

async function play(options: ScenarioOptions, bed: TestBed, helpers: Helpers): Promise<ScenarioResult> {
  const { scenario, say, signal, processes } = options;
  const behaviour: Behaviour = { ...options.behaviour, ...scenario.behaviour };
  const { n, seed } = behaviour;
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
    say,
    signal,
  });
  if (options.keysFrom !== undefined) await new SimState(options.keysFrom).saveKeys(await state.keys());
  await using fleet = running.fleet;
  const enrolled = await bed.usage();
  const figures: Record<string, number> = {};
  const stage: Stage = { bed, ...helpers, fleet, n, say, signal, figures };
  let problem: string | undefined;
  if (!scenario.atOnce && (await untilGreen(stage)) === undefined) problem = "not every sensor came up";
  // With enough of the run left for what is done to have its effect under load.
  if (problem === undefined) problem = await scenario.act?.(stage);
  const drain = await untilDrained(
    running,
    behaviour.durationMs,
    (s) => say(`${s.live} up; ${s.generated} made, ${s.acked} acknowledged`),
    signal,
  );
  if (drain.stuck) problem ??= "events are left that nobody acknowledges";
  const status = await fleet.status();
  const results = await fleet.results();
  await using store = await StoredEvents.open({ dataDir: bed.dataDir });
  const check = { behaviour, run: running.run, results, sinceMs: running.startAtMs - 1_000, store };
  const verdict = await verdictOf(check, helpers.kafka !== undefined, signal);
  if (!verdict.ok) problem ??= verdict.mismatches[0]!.what;
  const usage = await bed.usage();
  const secs = (Date.now() - running.startAtMs) / 1000;
  const parts = ["console", "clickhouse", "postgres"] as const;
  // A part that was killed began to count anew.
  const used = (part: (typeof parts)[number]): number => {
    const from = enrolled[part].cpuMs;
    return usage[part].cpuMs >= from ? usage[part].cpuMs - from : usage[part].cpuMs;
  };
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
  await using disk = options.scenario.smallDisk ? await smallDisk(options.bed?.parent ?? tmpdir()) : undefined;
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
    return await play(options, bed, { redis, kafka });
  } catch (error) {
    for (const line of bed.output.split("\n").slice(-15)) options.say(line.slice(0, 300));
    throw error;
  }
}
