import { statfs } from "node:fs/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { toRuntimeEventRow } from "../../console/stores/runtime-event-row.ts";
import { AppError } from "../../core/error.ts";
import { STORY_EVENTS, storiesOf } from "../../sim/event/profiles.ts";
import { PROFILES } from "../../sim/options.ts";
import { extentOf, fillBlock, mergesOf, prepareTemplates, type DatasetShape, type Extent } from "./store.ts";

const BLOCK_ROWS = 500_000;
/** Of the disk's free space, this much must be left. */
const SPARE_BYTES = 10e9;
const SETTLE_MS = 10 * 60_000;

/** Every story of every profile, the alarms among them, as rows. */
function templates(): DatasetShape["templates"] {
  const stories = PROFILES.flatMap((profile) => {
    const { ordinary, alarms } = storiesOf(profile);
    return [...ordinary, alarms];
  });
  return stories.flatMap((story, s) =>
    story.map((event, i) => ({
      place: s * STORY_EVENTS + i,
      row: toRuntimeEventRow({
        tenantId: "00000000-0000-7000-8000-000000000000",
        sensorId: "00000000-0000-7000-8000-000000000000",
        nodeName: "",
        epoch: "",
        ingestedAtMs: 0,
        event: { seq: 1, observed_at_us: 1, ...event },
      }),
    })),
  );
}

/** Generates a store of so many events and waits until it has settled. Refuses when the disk could not hold it. */
export async function generateDataset(
  client: ClickHouseClient,
  dir: string,
  size: { readonly rows: number; readonly sensors: number; readonly days: number; readonly tenantId: string },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly shape: DatasetShape; readonly extent: Extent; readonly tookMs: number }> {
  const shape: DatasetShape = { ...size, endMs: Date.now(), templates: templates(), storyEvents: STORY_EVENTS };
  await prepareTemplates(client, shape);
  const startMs = performance.now();
  for (let from = 0; from < shape.rows && !signal.aborted; from += BLOCK_ROWS) {
    await fillBlock(client, shape, from, Math.min(BLOCK_ROWS, shape.rows - from));
    if (from === 0) {
      const { rows, bytes } = await extentOf(client);
      const { bavail, bsize } = await statfs(dir);
      // Merging needs the old parts and the new ones for a while.
      const needed = (bytes / rows) * shape.rows * 1.6;
      say(`${Math.round(bytes / rows)} bytes a row on disk: about ${(needed / 1e9).toFixed(1)} GB are needed`);
      if (needed > bavail * bsize - SPARE_BYTES)
        throw new AppError(
          "unavailable",
          `The disk has ${((bavail * bsize) / 1e9).toFixed(0)} GB free, which is too little.`,
          {
            hint: "Generate fewer rows (--rows), or name a larger disk (--dir).",
          },
        );
    }
    const done = Math.min(from + BLOCK_ROWS, shape.rows);
    if ((done / BLOCK_ROWS) % 10 === 0 || done === shape.rows) {
      const perSec = done / ((performance.now() - startMs) / 1000);
      say(`${(done / 1e6).toFixed(1)} million rows, ${Math.round(perSec / 1000)} thousand a second`);
    }
  }
  const tookMs = performance.now() - startMs;
  const untilMs = performance.now() + SETTLE_MS;
  while (performance.now() < untilMs && !signal.aborted && (await mergesOf(client)) > 0) await Bun.sleep(1_000);
  return { shape, extent: await extentOf(client), tookMs };
}
