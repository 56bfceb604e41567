import { stat, writeFile, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { FleetConfig, FleetHandle } from "../fleet/config.ts";
import { Histogram } from "../fleet/histogram.ts";
import type { Behaviour } from "../options.ts";
import type { TestBed } from "./bed.ts";
import type { ScenarioKafka } from "./kafka.ts";
import { signalTo } from "./processes.ts";
import type { ScenarioRedis } from "./redis.ts";
import { watchAlerts } from "./watch-alerts.ts";

/** What a scenario works with once the fleet is under way. */
export interface Stage {
  readonly bed: TestBed;
  readonly redis: ScenarioRedis | undefined;
  readonly kafka: ScenarioKafka | undefined;
  readonly fleet: FleetHandle;
  readonly n: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Figures to report, in milliseconds or as named. */
  readonly figures: Record<string, number>;
}

export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly rogueKind?: FleetConfig["rogueKind"];
  /** Needs a file system of its own below the data directory; root only. */
  readonly smallDisk?: true;
  /** Needs a Redis, which the Console is told of. */
  readonly redis?: true;
  /** Needs a Kafka broker, which the Console's events go by. */
  readonly kafka?: true;
  /** Begins when the whole fleet is up (or at once, for `atOnce`); undefined says that it went well, a text why not. */
  readonly act?: (stage: Stage) => Promise<string | undefined>;
  readonly atOnce?: true;
}

const GREEN_MS = 120_000;
const WATCH_MS = 20_000;

/** Waits until every stream is up and heard from; milliseconds it took, undefined when it took too long. */
export async function untilGreen({
  fleet,
  n,
  signal,
}: Pick<Stage, "fleet" | "n" | "signal">): Promise<number | undefined> {
  const startMs = performance.now();
  while (!signal.aborted && performance.now() - startMs < GREEN_MS) {
    if ((await fleet.status()).live >= n) return performance.now() - startMs;
    await Bun.sleep(100);
  }
  return undefined;
}

async function measureGreen(stage: Stage, name: string): Promise<string | undefined> {
  const tookMs = await untilGreen(stage);
  if (tookMs === undefined) return `not every sensor was back within ${GREEN_MS / 1000} s`;
  stage.figures[name] = Math.round(tookMs);
  stage.say(`all ${stage.n} streams up after ${(tookMs / 1000).toFixed(1)} s`);
  return undefined;
}

/** Runs something while counting heartbeats that fail meanwhile. */
async function heartbeatsMeanwhile(stage: Stage, name: string, work: () => Promise<void>): Promise<void> {
  const before = (await stage.fleet.status()).tally.counts;
  await work();
  const after = (await stage.fleet.status()).tally.counts;
  stage.figures[`${name}_heartbeats`] = after.heartbeats - before.heartbeats;
  stage.figures[`${name}_heartbeats_failed`] = after.heartbeatFailures - before.heartbeatFailures;
}

/** Nineteen of twenty heartbeats were answered: on a host that is busy besides, one may be late. */
function stayedGreen({ figures }: Stage, name: string): boolean {
  const answered = figures[`${name}_heartbeats`] ?? 0;
  return answered > 0 && (figures[`${name}_heartbeats_failed`] ?? 0) <= answered / 19;
}

/** Reports how old alerts are when a browser has them. */
async function watchForAWhile({ bed, figures, signal }: Stage): Promise<undefined> {
  const ages = new Histogram();
  const watch = await watchAlerts(bed, ages);
  const untilMs = performance.now() + WATCH_MS;
  while (performance.now() < untilMs && !signal.aborted) await Bun.sleep(100);
  watch.close();
  figures["alerts_watched"] = watch.seen();
  figures["alert_to_browser_p50_ms"] = Math.round(ages.quantile(0.5));
  figures["alert_to_browser_p99_ms"] = Math.round(ages.quantile(0.99));
}

async function fillDisk(stage: Stage): Promise<string | undefined> {
  const { bed, say, signal } = stage;
  const file = join(bed.dataDir, "ballast");
  const { bavail, bsize } = await statfs(bed.dataDir);
  const piece = Buffer.alloc(1024 * 1024, 1);
  say(`filling the ${Math.round((bavail * bsize) / 1e6)} MB that are free`);
  await heartbeatsMeanwhile(stage, "while_full", async () => {
    const untilMs = performance.now() + 20_000;
    while (performance.now() < untilMs && !signal.aborted) {
      // Whatever becomes free is taken again.
      await writeFile(file, piece, { flag: "a" }).catch(() => Bun.sleep(100));
      if ((await stat(file).catch(() => undefined)) === undefined) return;
    }
  });
  await rm(file, { force: true });
  say("the disk has room again");
  return measureGreen(stage, "green_after_ms");
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "steady",
    summary: "A fleet at its usual rate; somebody watches its alerts for a while.",
    act: watchForAWhile,
  },
  {
    name: "cold-start",
    summary: "Every sensor starts at once.",
    behaviour: { rampMs: 0 },
    atOnce: true,
    act: (stage) => measureGreen(stage, "all_up_ms"),
  },
  {
    name: "console-restart",
    summary: "kill -9 of the Console at full load; all green again within two minutes.",
    async act(stage) {
      await stage.bed.kill("SIGKILL");
      stage.say("kill -9: the Console");
      await Bun.sleep(3_000);
      const killedMs = performance.now();
      await stage.bed.launch();
      stage.figures["serves_again_ms"] = Math.round(performance.now() - killedMs);
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "policy-change",
    summary: "Every sensor is told at once to come back with its state, three times over.",
    async act({ bed, fleet, n, say, figures }) {
      const told = (await fleet.status()).tally.counts.refreshes;
      const startMs = performance.now();
      for (let round = 1; round <= 3; round++) {
        const { asked } = await bed.control<{ asked: number }>("POST", "/refresh");
        say(`${asked} sensors asked`);
        // Well before anybody's next heartbeat is due.
        while ((await fleet.status()).tally.counts.refreshes < told + round * n) {
          if (performance.now() - startMs > GREEN_MS) return "not every sensor heard of it";
          await Bun.sleep(100);
        }
      }
      figures["all_told_ms"] = Math.round((performance.now() - startMs) / 3);
      return undefined;
    },
  },
  {
    name: "flapping",
    summary: "A tenth of the fleet loses its connection all the time.",
    behaviour: { flap: 0.1 },
  },
  {
    name: "clickhouse-down",
    summary: "ClickHouse hangs for 15 s, then is killed; sensors stay green meanwhile.",
    async act(stage) {
      const { bed, say } = stage;
      await heartbeatsMeanwhile(stage, "while_down", async () => {
        const pids = await bed.pids("clickhouse");
        for (const pid of pids) signalTo(pid, "SIGSTOP");
        say("SIGSTOP: ClickHouse");
        await Bun.sleep(15_000);
        for (const pid of pids) signalTo(pid, "SIGKILL");
        say("kill -9: ClickHouse");
      });
      if (!stayedGreen(stage, "while_down")) return "heartbeats failed while ClickHouse was down";
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "postgres-restart",
    summary: "kill -9 of PostgreSQL, three times.",
    async act(stage) {
      for (let i = 0; i < 3; i++) {
        for (const pid of await stage.bed.pids("postgres")) signalTo(pid, "SIGKILL");
        stage.say("kill -9: PostgreSQL");
        await Bun.sleep(3_000);
      }
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "redis-down",
    summary: "Redis is killed for 15 s; sensors stay green meanwhile.",
    redis: true,
    async act(stage) {
      await heartbeatsMeanwhile(stage, "while_down", async () => {
        await stage.redis!.kill();
        stage.say("kill -9: Redis");
        await Bun.sleep(15_000);
        await stage.redis!.launch();
      });
      if (!stayedGreen(stage, "while_down")) return "heartbeats failed while Redis was down";
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "kafka-down",
    summary: "The Kafka broker that events go by is killed for 15 s; sensors stay green meanwhile.",
    kafka: true,
    async act(stage) {
      await heartbeatsMeanwhile(stage, "while_down", async () => {
        await stage.kafka!.kill();
        stage.say("kill -9: Kafka");
        await Bun.sleep(15_000);
        await stage.kafka!.launch();
      });
      if (!stayedGreen(stage, "while_down")) return "heartbeats failed while Kafka was down";
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "disk-full",
    summary: "The Console's disk is full for 20 s.",
    smallDisk: true,
    act: fillDisk,
  },
  { name: "clocks", summary: "A fifth of the clocks are a day off.", behaviour: { clockSkew: 0.2 } },
  {
    name: "rogue",
    summary: "One sensor sends a hundred times its share; the others must not notice.",
    behaviour: { rogue: 1e-9 },
    rogueKind: "flood",
  },
  {
    name: "rogues",
    summary: "A twentieth of the fleet breaks the rules in every way; the others' events all arrive.",
    behaviour: { rogue: 0.05 },
  },
];
