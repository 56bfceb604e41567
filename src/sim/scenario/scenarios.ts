import type { SensorList } from "../../core/api/sensors.ts";
import { traitsOf } from "../fleet/fleet.ts";
import { Histogram } from "../fleet/histogram.ts";
import { faultShown, outage, untilHeard, watchGreen } from "./outage.ts";
import { signalTo } from "./processes.ts";
import { compareOthers } from "./rogue.ts";
import { GREEN_MS, measureGreen, within, type Scenario, type Stage } from "./stage.ts";
import { watchAlerts } from "./watch-alerts.ts";

const WATCH_MS = 20_000;
/** An alert may be on its way when the watch ends. */
const LATE_MS = 5_000;
const KILLS = 3;
const REFRESHES = 3;
const DOWN_MS = 3_000;
const PAGE_SIZE = 500;

/** Reports how old alerts are when a browser has them. */
async function watchForAWhile({ bed, fleet, figures, signal, leftMs }: Stage): Promise<string | undefined> {
  const ages = new Histogram();
  const watch = await watchAlerts(bed, ages);
  const made = async (): Promise<number> =>
    (await fleet.results()).reduce((sum, { lanes }) => sum + (lanes[1]?.generated ?? 0), 0);
  const before = await made();
  const untilMs = performance.now() + Math.min(WATCH_MS, leftMs());
  while (performance.now() < untilMs && !signal.aborted) await Bun.sleep(100);
  const meanwhile = (await made()) - before;
  await within(signal, () => Promise.resolve(watch.seen() >= meanwhile), LATE_MS);
  watch.close();
  figures["alerts_watched"] = watch.seen();
  figures["alert_to_browser_p50_ms"] = Math.round(ages.quantile(0.5));
  figures["alert_to_browser_p99_ms"] = Math.round(ages.quantile(0.99));
  return meanwhile > 0 && watch.seen() === 0 ? `none of ${meanwhile} alerts came to the browser` : undefined;
}

async function refreshAll({ bed, fleet, behaviour: { n }, say, figures, signal }: Stage): Promise<string | undefined> {
  const before = (await fleet.status()).tally.counts;
  const startMs = performance.now();
  for (let round = 1; round <= REFRESHES; round++) {
    const { asked } = await bed.control<{ asked: number }>("POST", "/refresh");
    say(`${asked} sensors asked`);
    const tookMs = await within(signal, async () => {
      const { refreshes, heartbeats } = (await fleet.status()).tally.counts;
      return Math.min(refreshes - before.refreshes, heartbeats - before.heartbeats) >= round * n;
    });
    if (tookMs === undefined) return `not every sensor had reported ${GREEN_MS / 1000} s after it was asked`;
  }
  figures["all_reported_ms"] = Math.round((performance.now() - startMs) / REFRESHES);
  return undefined;
}

/** Kills PostgreSQL several times; each time every sensor has to be heard again before the next. */
async function killPostgres(stage: Stage): Promise<string | undefined> {
  const { bed, say, figures } = stage;
  let worstMs: number | undefined = 0;
  const shown = await watchGreen(stage, async () => {
    for (let i = 0; i < KILLS && worstMs !== undefined; i++) {
      for (const pid of await bed.pids("postgres")) signalTo(pid, "SIGKILL");
      say("kill -9: PostgreSQL");
      const tookMs = await untilHeard(stage);
      worstMs = tookMs && Math.max(worstMs, tookMs);
    }
  });
  if (worstMs === undefined) return `not every sensor was heard ${GREEN_MS / 1000} s after PostgreSQL was killed`;
  figures["all_heard_again_ms"] = Math.round(worstMs);
  return faultShown("while PostgreSQL was killed", shown) ?? measureGreen(stage, "green_after_ms");
}

/**
 * What the Console has in reserve is taken like all that becomes free. PostgreSQL stands on the disk too, and every sensor reports again
 * and again meanwhile: heartbeats are answered whether they can be put on the record or not.
 */
async function fillDisk(stage: Stage): Promise<string | undefined> {
  const { disk, outageMs, say, figures } = stage;
  let full: Promise<void> | undefined;
  const problem = await outage(stage, "while the disk was full", {
    async break() {
      full = disk!.fill(outageMs);
      say("the disk is full");
    },
    mend: async () => full,
    askOn: true,
  });
  say("the disk has room again");
  const tookMs = await untilHeard(stage);
  if (tookMs === undefined) return `not every sensor was heard ${GREEN_MS / 1000} s after the disk had room again`;
  figures["all_heard_again_ms"] = Math.round(tookMs);
  return problem ?? measureGreen(stage, "green_after_ms");
}

/** Waits until the Console says of every clock that is off that it is, and of no other. */
async function showClocks({ bed, behaviour, signal, figures }: Stage): Promise<string | undefined> {
  const off = Array.from({ length: behaviour.n }, (_, i) => traitsOf(behaviour, i)).filter(
    (t) => t.skewMs !== 0,
  ).length;
  let shown = 0;
  const tookMs = await within(signal, async () => {
    shown = 0;
    for (let page = 1; (page - 1) * PAGE_SIZE < behaviour.n; page++) {
      const { sensors } = await bed.api<SensorList>("GET", `/api/v1/sensors?page=${page}&page_size=${PAGE_SIZE}`);
      shown += sensors.filter((s) => s.health_reasons.some(({ code }) => code === "clock_skew")).length;
    }
    return shown === off;
  });
  figures["clocks_off"] = off;
  if (tookMs !== undefined) figures["all_shown_ms"] = Math.round(tookMs);
  return tookMs === undefined ? `${off} clocks are off, and the Console says so of ${shown} sensors` : undefined;
}

/** Waits for something that the fleet does by itself now and then. */
async function waitFor({ signal, leftMs }: Stage, happened: () => Promise<boolean>, otherwise: string) {
  const tookMs = await within(signal, happened, leftMs());
  return tookMs === undefined ? `${otherwise}: let the run be longer, or take more sensors` : undefined;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "steady",
    summary: "A fleet at its usual rate; a browser sees its alerts for a while.",
    act: watchForAWhile,
  },
  {
    name: "cold-start",
    summary: "Every sensor starts at once; all are green within two minutes.",
    behaviour: { rampMs: 0 },
    atOnce: true,
    act: (stage) => measureGreen(stage, "all_up_ms"),
  },
  {
    name: "console-restart",
    summary: "kill -9 of the Console at full load; all are green again within two minutes.",
    async act(stage) {
      await stage.bed.kill("SIGKILL");
      stage.say("kill -9: the Console");
      await Bun.sleep(DOWN_MS);
      const killedMs = performance.now();
      await stage.bed.launch();
      stage.figures["serves_again_ms"] = Math.round(performance.now() - killedMs);
      return measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "refresh-all",
    summary: "Every sensor is asked at once to report, three times over; each is heard within two minutes.",
    act: refreshAll,
  },
  {
    name: "flapping",
    summary: "A tenth of the fleet loses its connection all the time.",
    behaviour: { flap: 0.1 },
    act: (stage) =>
      waitFor(
        stage,
        async () => ((await stage.fleet.status()).tally.reasons["flapping"] ?? 0) > 0,
        "no connection was lost",
      ),
  },
  {
    name: "clickhouse-down",
    summary:
      "ClickHouse hangs for a while, then is killed; sensors stay green meanwhile, streams stay, and heartbeats are answered.",
    async act(stage) {
      const pids = await stage.bed.pids("clickhouse");
      const signal = (name: "SIGSTOP" | "SIGKILL") => (): Promise<void> => {
        for (const pid of pids) signalTo(pid, name);
        stage.say(`${name}: ClickHouse`);
        return Promise.resolve();
      };
      const problem = await outage(stage, "while ClickHouse hung", {
        break: signal("SIGSTOP"),
        mend: signal("SIGKILL"),
      });
      return problem ?? measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "postgres-restart",
    summary:
      "kill -9 of PostgreSQL, three times; each time every sensor is heard again, and none is shown as lost meanwhile.",
    act: killPostgres,
  },
  {
    name: "redis-down",
    summary: "Redis is killed and stays away for a while; sensors stay green meanwhile, and heartbeats are answered.",
    redis: true,
    async act(stage) {
      const redis = stage.redis!;
      const problem = await outage(stage, "while Redis was away", {
        break: () => redis.kill(),
        mend: () => redis.launch(),
      });
      return problem ?? measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "kafka-down",
    summary: "The Kafka broker that events go by is killed; sensors stay green meanwhile, and heartbeats are answered.",
    kafka: true,
    async act(stage) {
      const kafka = stage.kafka!;
      const problem = await outage(stage, "while Kafka was away", {
        break: () => kafka.kill(),
        mend: () => kafka.launch(),
        endsStreams: true,
      });
      return problem ?? measureGreen(stage, "green_after_ms");
    },
  },
  {
    name: "disk-full",
    summary:
      "The Console's disk is full for a while; sensors stay green meanwhile, streams stay, and heartbeats are answered.",
    smallDisk: true,
    act: fillDisk,
  },
  {
    name: "clocks",
    summary: "A fifth of the clocks are a day off; the Console says of which.",
    behaviour: { clockSkew: 0.2 },
    act: showClocks,
  },
  {
    name: "rogue",
    summary:
      "From the middle of the run one sensor sends a hundred times its share; the others' heartbeats and acknowledgements (p99) take at most three times as long as before, or a second.",
    behaviour: { rogue: 1e-9 },
    rogueKind: "flood",
    rogueAfter: 0.5,
    atOnce: true,
    act: compareOthers,
  },
  {
    name: "rogues",
    summary: "A twentieth of the fleet breaks the rules in every way; the others' events all arrive.",
    behaviour: { rogue: 0.05 },
    act: (stage) =>
      waitFor(
        stage,
        async () => (await stage.fleet.status()).tally.counts.rogueActs > 0,
        "no sensor broke the rules, but for sending too much",
      ),
  },
];
