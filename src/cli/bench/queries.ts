import { createEventService, type EventService } from "../../console/events/service.ts";
import { createEventStore } from "../../console/events/store.ts";
import { createLineageService, type LineageService } from "../../console/lineage/service.ts";
import { createLineageStore } from "../../console/lineage/store.ts";
import type { EventDb } from "../../console/stores/contract.ts";
import { systemClock } from "../../core/clock.ts";
import { mix } from "../../sim/mix.ts";
import { quantile, type Figure } from "./figures.ts";
import { execIdOf, sensorIdOf, type DatasetShape } from "./store.ts";

interface Question {
  readonly name: string;
  readonly budgetMs: number;
  readonly times: number;
  readonly ask: (turn: number) => Promise<unknown>;
}

/** From what stands in most events to what stands in none. */
const WORDS = [
  "nginx",
  "payments.example.net",
  "logrotate",
  "preload",
  "rsync backup",
  "5gc amf",
  "no-such-word-anywhere",
];

function questions(events: EventService, lineage: LineageService, shape: DatasetShape): Question[] {
  const { tenantId, sensors, rows, storyEvents } = shape;
  const sensor = (turn: number): number => mix(7, turn) % sensors;
  const perSensor = Math.floor(rows / sensors);
  return [
    {
      name: "last hour of one sensor",
      budgetMs: 100,
      times: 60,
      ask: (turn) => events.search(tenantId, { sensor_id: [sensorIdOf(sensor(turn))], since: "1h", limit: 100 }),
    },
    {
      name: "text search over 24 h",
      budgetMs: 1_000,
      times: 42,
      ask: (turn) => events.search(tenantId, { q: WORDS[turn % WORDS.length]!, since: "24h", limit: 100 }),
    },
    {
      name: "process lineage",
      budgetMs: 300,
      times: 40,
      ask: (turn) => {
        const story = mix(8, turn) % Math.floor(perSensor / storyEvents);
        return lineage.ofProcess(tenantId, sensorIdOf(sensor(turn)), execIdOf(sensor(turn), story, 0));
      },
    },
    {
      name: "fleet histogram over 7 d",
      budgetMs: 1_000,
      times: 10,
      ask: () => events.histogram(tenantId, { since: "7d" }),
    },
  ];
}

/** Asks through the Console's own services, as its API does; the time is that of the dataset's end. */
export async function measureQueries(db: EventDb, shape: DatasetShape, say: (line: string) => void): Promise<Figure[]> {
  const clock = { ...systemClock, nowMs: () => shape.endMs };
  const events = createEventService({ store: createEventStore({ events: db }), clock });
  const lineage = createLineageService({ store: createLineageStore({ events: db }), clock });
  const figures: Figure[] = [];
  for (const { name, budgetMs, times, ask } of questions(events, lineage, shape)) {
    const took: number[] = [];
    // The first of each warms nothing that the others do not need too: it counts.
    for (let turn = 0; turn < times; turn++) {
      const startMs = performance.now();
      await ask(turn);
      took.push(performance.now() - startMs);
    }
    say(`${name}: p50 ${quantile(took, 0.5).toFixed(0)} ms, p95 ${quantile(took, 0.95).toFixed(0)} ms of ${times}`);
    figures.push({ name: `${name}, p50`, value: quantile(took, 0.5), unit: "ms" });
    figures.push({ name: `${name}, p95`, value: quantile(took, 0.95), unit: "ms", budget: budgetMs });
  }
  return figures;
}
