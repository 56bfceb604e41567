import { measureIngest } from "../sim/bench/ingest.ts";
import { parseDuration, parseNumber } from "../sim/options.ts";
import { bedOf } from "./bench/bed.ts";
import { figuresText, isWithin, writeFigures, type Figure } from "./bench/figures.ts";
import { EXIT, textFlag, type Call } from "./command.ts";

/** Of what the engine alone inserts as JSON lines. */
const FLOOR = 0.6;

/** `telovix bench ingest`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const sensors = Math.round(parseNumber("n", textFlag(flags, "n")!, 1, 1_000));
  const measureMs = parseDuration("duration", textFlag(flags, "duration")!);
  const bed = bedOf(flags);
  const r = await measureIngest({ sensors, measureMs, processes: 1, bed }, (line) => call.err(`${line}\n`), signal);
  const figures: Figure[] = [
    { name: "socket to durable row, mTLS and zstd", value: r.rowsPerSec, unit: "rows/s" },
    { name: "the engine alone, JSON lines", value: r.aloneRowsPerSec, unit: "rows/s" },
    { name: "ratio", value: r.rowsPerSec / r.aloneRowsPerSec, unit: "×", budget: FLOOR, atLeast: true },
    { name: "Console", value: r.cpuSecsPerMillion.console, unit: "CPU s a million rows" },
    { name: "ClickHouse", value: r.cpuSecsPerMillion.clickhouse, unit: "CPU s a million rows" },
    { name: "simulator", value: r.cpuSecsPerMillion.simulator, unit: "CPU s a million rows" },
    { name: "Console, resident", value: r.consoleRssBytes / 1e6, unit: "MB", budget: 1_500 },
  ];
  const out = textFlag(flags, "out");
  if (out !== undefined) await writeFigures(out, `telovix bench ingest --n ${sensors}`, figures);
  call.out(flags["json"] ? `${JSON.stringify(figures, null, 2)}\n` : figuresText(figures));
  return figures.every(isWithin) ? EXIT.ok : EXIT.failed;
}
