import { formatEventId } from "../../core/event/event.ts";

/** What is generated; the same shape is the same data. */
export interface DatasetShape {
  readonly rows: number;
  readonly sensors: number;
  readonly days: number;
  readonly tenantId: string;
  /** Milliseconds since 1970 at which the last event happens. */
  readonly endMs: number;
}

/** Epoch of every generated sequence. */
export const EPOCH = "00000000000000bb";
/** One sensor of ten is this many times as busy as the others. */
const BUSY_TIMES = 10;

/** How the events' numbers go round the sensors: each has one turn, then the busy ones have the rest of theirs. */
export function roundOf({ sensors }: Pick<DatasetShape, "sensors">): {
  readonly busy: number;
  readonly busyTimes: number;
  readonly events: number;
} {
  const busy = Math.ceil(sensors / 10);
  return { busy, busyTimes: BUSY_TIMES, events: sensors + busy * (BUSY_TIMES - 1) };
}

/** Events of one sensor: all of them, but for those of the last round, which need not be whole. */
export function eventsOf(shape: DatasetShape, sensor: number): number {
  const { busy, busyTimes, events } = roundOf(shape);
  return Math.floor(shape.rows / events) * (sensor < busy ? busyTimes : 1);
}

/** Id of generated sensor `n`. */
export function sensorIdOf(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

const hex8 = (value: number): string => value.toString(16).padStart(8, "0");

/** Stands for the run in every `exec_id`. */
export const RUN = "00000001";

/** Stands in the place of a telling's number in the `exec_id` of the service in which all tellings of a story begin. */
export function serviceName(story: number): string {
  return `f${String(story).padStart(7, "0")}`;
}

/** `exec_id` of the program at `slot` of telling `telling` of a sensor, or of the service at slot 0 of story `story`. */
export function execIdOf(sensor: number, of: { telling: number; slot: number } | { story: number }): string {
  const [name, slot] = "story" in of ? [serviceName(of.story), 0] : [hex8(of.telling), of.slot];
  return `sim.${RUN}.${hex8(sensor)}.${name}.${String(slot).padStart(2, "0")}`;
}

/** Event `seq` of a sensor, as the API names it. */
export function eventIdOf(sensor: number, seq: number): string {
  return formatEventId(sensorIdOf(sensor), EPOCH, seq);
}

/** The word that stands in the message of one event alone. */
export function tagOf(sensor: number, seq: number): string {
  return `${hex8(sensor)}-${hex8(seq)}`;
}
