import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { newUuid } from "../core/ids.ts";
import { parseNumber } from "../sim/options.ts";
import { generateDataset } from "./bench/dataset.ts";
import { figuresText, isWithin, writeFigures, type Figure } from "./bench/figures.ts";
import { measureQueries } from "./bench/queries.ts";
import { openScratch } from "./bench/scratch.ts";
import { EXIT, textFlag, type Call } from "./command.ts";

/** `telovix bench query`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const number = (name: string, min: number, max: number): number =>
    Math.round(parseNumber(name, textFlag(flags, name)!, min, max));
  const rows = number("rows", 100_000, 1e9);
  const sensors = number("sensors", 1, 100_000);
  const days = number("days", 1, 60);
  const say = (line: string): void => call.err(`${line}\n`);
  await using scratch = await openScratch(resolve(textFlag(flags, "dir") ?? tmpdir()));
  const size = { rows, sensors, days, tenantId: newUuid() };
  const { shape, extent, tookMs } = await generateDataset(scratch.client, scratch.dir, size, say, signal);
  const figures: Figure[] = [
    { name: "events stored", value: extent.rows / 1e6, unit: "million" },
    { name: "on disk", value: extent.bytes / extent.rows, unit: "B/event" },
    { name: "parts", value: extent.parts, unit: "" },
    { name: "generated", value: extent.rows / tookMs, unit: "k/s" },
    ...(await measureQueries(scratch.events, shape, say)),
  ];
  const out = textFlag(flags, "out");
  if (out !== undefined)
    await writeFigures(out, `telovix bench query --rows ${rows} --sensors ${sensors} --days ${days}`, figures);
  call.out(flags["json"] ? `${JSON.stringify(figures, null, 2)}\n` : figuresText(figures));
  return figures.every(isWithin) ? EXIT.ok : EXIT.failed;
}
