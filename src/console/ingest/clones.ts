import type { SensorInstance } from "../../core/wire/stream.ts";

/** A start of a sensor that said hello. */
export interface Start extends SensorInstance {
  /** Milliseconds since 1970 of its last hello. */
  readonly at: number;
  /** It was told to go on under new epochs. */
  readonly told?: boolean;
}

export interface Verdict {
  /** What to remember, oldest first. */
  readonly starts: readonly Start[];
  /** Why two nodes seem to use the identity; undefined: they do not. */
  readonly clone: string | undefined;
  /** This one has to be told, once. */
  readonly tell: boolean;
}

const STARTS_KEPT = 16;
const REMEMBERED_MS = 24 * 3_600_000;

const differs = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;

function detail(one: SensorInstance, other: SensorInstance, how: string): string {
  if (differs(one.machine_hash, other.machine_hash)) return `Two machines use this identity: ${how}.`;
  if (differs(one.boot_id, other.boot_id))
    return `Two nodes with one machine id use this identity, copies of one disk: ${how}.`;
  return `Two sensors on one node use this identity: ${how}.`;
}

/**
 * Judges a hello by the starts seen before it, oldest first, and by the other streams of the sensor whose sensors answer right now.
 * A process has one start for life: when an older one comes back after a newer, or both are there at once, there are two.
 */
export function judgeHello(
  starts: readonly Start[],
  hello: SensorInstance,
  alive: readonly SensorInstance[],
  nowMs: number,
): Verdict {
  const known = starts.filter((start) => nowMs - start.at < REMEMBERED_MS);
  const before = known.find((start) => start.start_id === hello.start_id);
  const last = known.at(-1);
  const beside = alive.find((other) => other.start_id !== hello.start_id);
  let clone: string | undefined;
  if (beside) clone = detail(hello, beside, "both answer at this moment");
  else if (before && last && last !== before) clone = detail(hello, last, "they take turns");
  const tell = clone !== undefined && before?.told !== true;
  const now: Start = { ...hello, at: nowMs, ...(tell || before?.told ? { told: true } : {}) };
  return { starts: [...known.filter((start) => start !== before), now].slice(-STARTS_KEPT), clone, tell };
}
