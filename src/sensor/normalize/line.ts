import { countOf, microsOf, objectOf, textOf, type Json } from "./fields.ts";
import type { KnownProcess, LineMemory } from "./line-memory.ts";

/** Longest line the engine writes, in bytes. */
export const MAX_LINE_BYTES = 64 * 1024;

/** One parsed line of the engine. */
export interface EngineLine {
  /** Name of its event field, such as `process_exec`. */
  readonly event: string;
  readonly body: Json;
  readonly timeUs: number;
  readonly telovix: Json;
  readonly runId: string;
  readonly bootId: string;
  /** Number of the line in its run. */
  readonly seq: number;
  /** The line as it was. */
  readonly text: string;
  /** Who it is about, when that was read before. */
  readonly known: KnownProcess | undefined;
}

const ENVELOPE = new Set(["node_name", "time", "telovix", "cluster_name", "node_labels", "aggregation_info"]);

/** Parses a line; a sentence says why when it is none. With a memory what comes again is parsed once. */
export function parseLine(text: string, memory?: LineMemory): EngineLine | string {
  let value: unknown;
  let known: KnownProcess | undefined;
  try {
    if (memory) ({ value, known } = memory.parse(text));
    else value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const line = objectOf(value);
  const event = Object.keys(line).find((key) => !ENVELOPE.has(key));
  if (event === undefined) return "no event in it";
  const timeUs = microsOf(line["time"]);
  if (timeUs === undefined) return "no time in it";
  const telovix = objectOf(line["telovix"]);
  const seq = countOf(telovix["seq"]);
  const runId = textOf(telovix["run_id"], 32);
  if (seq === undefined || runId === undefined) return "no line number in it";
  const bootId = textOf(telovix["boot_id"], 64) ?? "";
  return { event, body: objectOf(line[event]), timeUs, telovix, runId, bootId, seq, text, known };
}
