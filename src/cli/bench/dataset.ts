import { readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { AppError } from "../../core/error.ts";
import { newUuid } from "../../core/ids.ts";
import type { Scratch } from "./scratch.ts";
import type { DatasetShape } from "./shape.ts";
import { dropTemplates, extentOf, fillBlock, mergesOf, prepareTemplates } from "./store.ts";

const BLOCK_ROWS = 500_000;
/** Of the disk's free space, this much must be left. */
const SPARE_BYTES = 10e9;
const SETTLE_MS = 20 * 60_000;
/** Between two merges there may be a moment of none. */
const QUIET_LOOKS = 3;

/** Refuses when the disk could not hold all rows, judged by the first of them. */
async function checkSpace(
  client: ClickHouseClient,
  dir: string,
  rows: number,
  say: (line: string) => void,
): Promise<void> {
  const first = await extentOf(client);
  const { bavail, bsize } = await statfs(dir);
  // Merging needs the old parts and the new ones for a while.
  const needed = (first.bytes / first.rows) * rows * 1.6;
  say(`${Math.round(first.bytes / first.rows)} bytes a row on disk: about ${(needed / 1e9).toFixed(1)} GB are needed`);
  if (needed > bavail * bsize - SPARE_BYTES)
    throw new AppError(
      "unavailable",
      `The disk has ${((bavail * bsize) / 1e9).toFixed(0)} GB free, which is too little.`,
      { hint: "Generate fewer rows (--rows), or name a larger disk (--dir)." },
    );
}

/** Generates events and waits until the store has settled. Answers events a second of the generating alone. */
async function generate(
  { client, dir }: Scratch,
  shape: DatasetShape,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  await prepareTemplates(client);
  const startMs = performance.now();
  for (let from = 0; from < shape.rows; from += BLOCK_ROWS) {
    signal.throwIfAborted();
    await fillBlock(client, shape, from, Math.min(BLOCK_ROWS, shape.rows - from));
    if (from === 0) await checkSpace(client, dir, shape.rows, say);
    const done = Math.min(from + BLOCK_ROWS, shape.rows);
    if ((done / BLOCK_ROWS) % 10 !== 0 && done !== shape.rows) continue;
    const perSec = done / ((performance.now() - startMs) / 1000);
    say(`${(done / 1e6).toFixed(1)} million rows, ${Math.round(perSec / 1000)} thousand a second`);
  }
  const tookMs = performance.now() - startMs;
  await dropTemplates(client);
  const untilMs = performance.now() + SETTLE_MS;
  for (let quiet = 0; quiet < QUIET_LOOKS && performance.now() < untilMs && !signal.aborted;) {
    await Bun.sleep(1_000);
    quiet = (await mergesOf(client)) > 0 ? 0 : quiet + 1;
  }
  return (shape.rows / tookMs) * 1000;
}

/** The events of this size: those of an earlier run, or generated now. AppError `conflict` when the store holds others. */
export async function openDataset(
  scratch: Scratch,
  size: Omit<DatasetShape, "endMs" | "tenantId">,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly shape: DatasetShape; readonly generatedPerSec: number }> {
  const note = join(scratch.dir, "dataset.json");
  const text = await readFile(note, "utf8").catch(() => undefined);
  if (text === undefined && (await extentOf(scratch.client)).rows === 0) {
    const shape = { ...size, endMs: Date.now(), tenantId: newUuid() };
    const made = { shape, generatedPerSec: await generate(scratch, shape, say, signal) };
    await writeFile(note, `${JSON.stringify(made)}\n`);
    return made;
  }
  const made = text === undefined ? undefined : (JSON.parse(text) as Awaited<ReturnType<typeof openDataset>>);
  // Events that an older version kept have no wrong clocks.
  const same = made && Object.entries(size).every(([name, value]) => made.shape[name as keyof typeof size] === value);
  if (same) return made;
  throw new AppError("conflict", `${scratch.dir} holds other events than these, or part of them.`, {
    hint: "Name another --data-dir, or remove this one.",
  });
}
