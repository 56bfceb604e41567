import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseNumber } from "../sim/options.ts";
import { startAsking } from "./bench/asking.ts";
import { openDataset } from "./bench/dataset.ts";
import { figuresText, isWithin, writeFigures, type Figure } from "./bench/figures.ts";
import { measureQueries } from "./bench/queries.ts";
import { openScratch } from "./bench/scratch.ts";
import { extentOf } from "./bench/store.ts";
import { EXIT, textFlag, type Call } from "./command.ts";

/** Two sensors of a hundred have a wrong clock, as in any large fleet. */
const WRONG_CLOCK_EVERY = 50;

/** `telovix bench query`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const number = (name: string, min: number, max: number): number =>
    Math.round(parseNumber(name, textFlag(flags, name)!, min, max));
  const size = {
    rows: number("rows", 100_000, 1e9),
    sensors: number("sensors", 1, 100_000),
    days: number("days", 1, 60),
    wrongClockEvery: WRONG_CLOCK_EVERY,
  };
  const say = (line: string): void => call.err(`${line}\n`);
  const kept = textFlag(flags, "data-dir");
  const parent = resolve(textFlag(flags, "dir") ?? tmpdir());
  await using scratch = await openScratch(parent, kept === undefined ? undefined : resolve(kept));
  const { shape, generatedPerSec } = await openDataset(scratch, size, say, signal);
  signal.throwIfAborted();
  const { rows, bytes, parts } = await extentOf(scratch.client);
  await using asking = startAsking(scratch.events, shape);
  const startMs = performance.now();
  await asking.settle();
  const settledMs = performance.now() - startMs;
  const figures: Figure[] = [
    { name: "events stored", value: rows / 1e6, unit: "million" },
    { name: "on disk", value: bytes / rows, unit: "B/event" },
    { name: "parts", value: parts, unit: "" },
    { name: "generated", value: generatedPerSec / 1000, unit: "k/s" },
    { name: "counted by five minutes, or found counted", value: settledMs / 1000, unit: "s" },
    ...(await measureQueries(asking, shape, say)),
  ];
  const out = textFlag(flags, "out");
  const command = `telovix bench query --rows ${size.rows} --sensors ${size.sensors} --days ${size.days}`;
  if (out !== undefined) await writeFigures(out, command, figures);
  call.out(flags["json"] ? `${JSON.stringify(figures, null, 2)}\n` : figuresText(figures));
  return figures.every(isWithin) ? EXIT.ok : EXIT.failed;
}
