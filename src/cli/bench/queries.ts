import type { EventHistogram, EventSearchResult, Lineage } from "../../core/api/events.ts";
import { mix } from "../../sim/mix.ts";
import { STORY_EVENTS } from "../../sim/event/profiles.ts";
import type { Asking } from "./asking.ts";
import { quantile, type Figure } from "./figures.ts";
import { eventIdOf, eventsOf, execIdOf, sensorIdOf, tagOf, type DatasetShape } from "./shape.ts";
import { STORY_PLACES } from "./templates.ts";

interface Question {
  readonly name: string;
  /** Without one it is told only. */
  readonly budgetMs?: number;
  readonly times: number;
  /** Answers how much came back, so that an empty answer does not pass for a fast one. */
  readonly ask: (turn: number) => Promise<number>;
}

const HEAD = "/api/v1/events";
/** The most common kind and one that is not. */
const KINDS = ["process_exec", "network_connect"];

/** From what stands in most events to what stands in one of them or in none. */
function words(shape: DatasetShape, turn: number): string {
  const sensor = mix(9, turn) % shape.sensors;
  const last = eventsOf(shape, sensor);
  const WORDS = [
    "nginx",
    "payments.example.net",
    "logrotate",
    "ld.so.preload",
    "rsync backup",
    "amf 10.40.2.11",
    "no-such-word-anywhere",
    tagOf(sensor, last - (mix(10, turn) % Math.max(1, Math.floor(last / 20)))),
  ];
  return WORDS[turn % WORDS.length]!;
}

function questions(asking: Asking, shape: DatasetShape, onLate: (events: number) => void): Question[] {
  const sensorOf = (turn: number): number => mix(7, turn) % shape.sensors;
  const search = async (query: Record<string, string>): Promise<number> => {
    const found = await asking.get<EventSearchResult>(`${HEAD}?${new URLSearchParams({ ...query, limit: "100" })}`);
    return found.events.length;
  };
  const histogram = async (query: Record<string, string>): Promise<number> => {
    const { total, buckets } = await asking.get<EventHistogram>(`${HEAD}/histogram?${new URLSearchParams(query)}`);
    onLate(buckets.reduce((sum, { late }) => sum + late, 0));
    return total;
  };
  const tree = async (path: string): Promise<number> => (await asking.get<Lineage>(path)).nodes.length;
  return [
    {
      name: "last hour of one sensor",
      budgetMs: 100,
      times: 60,
      ask: (turn) => search({ sensor_id: sensorIdOf(sensorOf(turn)), since: "1h" }),
    },
    {
      name: "text search over 24 h",
      budgetMs: 1_000,
      times: 64,
      ask: (turn) => search({ q: words(shape, turn), since: "24h" }),
    },
    {
      // Of an event, of a program that came and went, and of the service above thousands of these, in turn.
      name: "process lineage",
      budgetMs: 300,
      times: 60,
      ask: (turn) => {
        const sensor = sensorOf(turn);
        const seq = 1 + (mix(8, turn) % eventsOf(shape, sensor));
        if (turn % 3 === 0) return tree(`${HEAD}/${eventIdOf(sensor, seq)}/lineage`);
        const { first, count } = STORY_PLACES[sensor % STORY_PLACES.length]!;
        const telling = Math.floor((seq - 1) / STORY_EVENTS);
        const id = execIdOf(sensor, turn % 3 === 1 ? { telling, slot: 1 } : { story: first + (seq % count) });
        return tree(`/api/v1/processes/${encodeURIComponent(id)}/lineage?sensor_id=${sensorIdOf(sensor)}`);
      },
    },
    {
      name: "fleet histogram over 7 d",
      budgetMs: 1_000,
      times: 20,
      ask: () => histogram({ since: "7d" }),
    },
    {
      // No counts are kept of it: every event is looked at.
      name: "fleet histogram of a kind of event over 7 d",
      times: 10,
      ask: (turn) => histogram({ kind: KINDS[turn % KINDS.length]!, since: "7d" }),
    },
    {
      name: "histogram of one sensor over 24 h",
      budgetMs: 1_000,
      times: 20,
      ask: (turn) => histogram({ sensor_id: sensorIdOf(sensorOf(turn)), since: "24h" }),
    },
  ];
}

/** Asks each question many times over; the first times count too: an analyst's first look is one of them. */
export async function measureQueries(
  asking: Asking,
  shape: DatasetShape,
  say: (line: string) => void,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  let late = 0;
  for (const { name, budgetMs, times, ask } of questions(asking, shape, (events) => (late += events))) {
    const took: number[] = [];
    let found = 0;
    for (let turn = 0; turn < times; turn++) {
      const startMs = performance.now();
      found += await ask(turn);
      took.push(performance.now() - startMs);
    }
    const [p50, p95] = [quantile(took, 0.5), quantile(took, 0.95)];
    say(`${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms of ${times}, ${Math.round(found / times)} found`);
    figures.push({ name: `${name}, p50`, value: p50, unit: "ms" });
    figures.push({
      name: `${name}, p95`,
      value: p95,
      unit: "ms",
      ...(budgetMs === undefined ? {} : { budget: budgetMs }),
    });
  }
  // Those of wrong clocks only seem so.
  figures.push({ name: "events called late, though none is", value: late, unit: "events", budget: 0 });
  return figures;
}
