import type { SensorList } from "../../core/api/sensors.ts";
import type { FleetConfig, FleetHandle } from "../fleet/config.ts";
import type { Behaviour } from "../options.ts";
import type { TestBed } from "./bed.ts";
import type { ScenarioKafka } from "./kafka.ts";
import type { ScenarioRedis } from "./redis.ts";
import type { SmallDisk } from "./small-disk.ts";

/** What a scenario works with once the fleet is under way. */
export interface Stage {
  readonly bed: TestBed;
  readonly redis: ScenarioRedis | undefined;
  readonly kafka: ScenarioKafka | undefined;
  readonly disk: SmallDisk | undefined;
  readonly fleet: FleetHandle;
  readonly behaviour: Behaviour;
  /** How many of its sensors break the rules. */
  readonly rogues: number;
  /** So long what breaks stays broken. */
  readonly outageMs: number;
  /** Milliseconds until the last event is made. */
  readonly leftMs: () => number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Figures to report, in milliseconds or as named. */
  readonly figures: Record<string, number>;
}

export interface Scenario {
  readonly name: string;
  /** What is done, and what it passes for besides that every event adds up. */
  readonly summary: string;
  /** How the fleet behaves, unless the call says otherwise. */
  readonly behaviour?: Partial<Behaviour>;
  readonly rogueKind?: FleetConfig["rogueKind"];
  /** Rogues start when this share of the time between the ramp and the end is over. */
  readonly rogueAfter?: number;
  /** Needs a file system of its own below the data directory; root only. */
  readonly smallDisk?: true;
  /** Needs a Redis, which the Console is told of. */
  readonly redis?: true;
  /** Needs a Kafka broker, which the Console's events go by. */
  readonly kafka?: true;
  /** Begins when the whole fleet is up (or at once, for `atOnce`); undefined says that it went well, a text why not. */
  readonly act: (stage: Stage) => Promise<string | undefined>;
  readonly atOnce?: true;
}

/** Within this time everything has to be as before. */
export const GREEN_MS = 120_000;

/** Looks again and again until it is so, for two minutes at most; milliseconds it took, or undefined. */
export async function within(
  signal: AbortSignal,
  isSo: () => Promise<boolean>,
  limitMs = GREEN_MS,
): Promise<number | undefined> {
  const startMs = performance.now();
  while (!signal.aborted && performance.now() - startMs < limitMs) {
    if (await isSo()) return performance.now() - startMs;
    await Bun.sleep(100);
  }
  return undefined;
}

/** Waits until the streams of so many are up; milliseconds it took, undefined when it took too long. */
export function untilUp(fleet: FleetHandle, many: number, signal: AbortSignal): Promise<number | undefined> {
  return within(signal, async () => (await fleet.status()).live >= many);
}

/** How many sensors the Console shows as anything but well; that they are simulated is no fault. Rejects while it does not answer. */
export async function notGreen({ bed, behaviour: { n } }: Pick<Stage, "bed" | "behaviour">): Promise<number> {
  const { counts, health } = await bed.api<SensorList>("GET", "/api/v1/sensors?page_size=1");
  return Math.max(0, n - counts.healthy, health.critical + health.offline);
}

/** Waits until every stream is up and the Console shows every sensor as well. */
export async function measureGreen(stage: Stage, name: string): Promise<string | undefined> {
  const { fleet, behaviour, signal, figures, say, bed } = stage;
  const startMs = performance.now();
  if ((await untilUp(fleet, behaviour.n, signal)) === undefined)
    return `not every sensor was back within ${GREEN_MS / 1000} s`;
  const tookMs = performance.now() - startMs;
  figures[name] = Math.round(tookMs);
  say(`all ${behaviour.n} streams up after ${(tookMs / 1000).toFixed(1)} s`);
  const shown = await within(
    signal,
    () =>
      notGreen(stage).then(
        (many) => many === 0,
        // A session does not outlive every disaster.
        () =>
          bed.signIn().then(
            () => false,
            () => false,
          ),
      ),
    GREEN_MS - tookMs,
  );
  return shown === undefined ? `the Console did not show every sensor as well within ${GREEN_MS / 1000} s` : undefined;
}
