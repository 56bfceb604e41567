import type { ClockChange } from "../../console/events/late-sql.ts";
import { formatEventId } from "../../core/event/event.ts";

/** What is generated; the same shape is the same data. */
export interface DatasetShape {
  readonly rows: number;
  readonly sensors: number;
  readonly days: number;
  readonly tenantId: string;
  /** Milliseconds since 1970 at which the last event happens. */
  readonly endMs: number;
  /** One sensor of so many has a wrong clock until half of the time has passed, when it is set. */
  readonly wrongClockEvery: number;
}

/** Epoch of every generated sequence. */
export const EPOCH = "00000000000000bb";
/** One sensor of ten is this many times as busy as the others. */
const BUSY_TIMES = 10;
/** As far off as a wrong time zone puts it. */
const WRONG_MS = 3_600_000;
/** A clock that was set is known by the next heartbeat. */
const HEARTBEAT_MS = 15_000;

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

/** Milliseconds by which the clock of a sensor is ahead in the first half; behind, when negative. By turns, so that both are measured. */
export function aheadMsOf({ wrongClockEvery }: Pick<DatasetShape, "wrongClockEvery">, sensor: number): number {
  if (sensor % wrongClockEvery !== 0) return 0;
  return sensor % (2 * wrongClockEvery) === 0 ? -WRONG_MS : WRONG_MS;
}

/** When the wrong clocks were set; milliseconds since 1970. */
export function clocksSetMs({ endMs, days }: Pick<DatasetShape, "endMs" | "days">): number {
  return endMs - days * 43_200_000;
}

/** What heartbeats would have told of the clocks. */
export function clockChangesOf(shape: DatasetShape): ClockChange[] {
  const sinceMs = clocksSetMs(shape) + HEARTBEAT_MS;
  return Array.from({ length: shape.sensors }, (_, sensor) => ({ sensor, aheadMs: aheadMsOf(shape, sensor) }))
    .filter(({ aheadMs }) => aheadMs !== 0)
    .flatMap(({ sensor, aheadMs }) => [
      { sensorId: sensorIdOf(sensor), sinceMs: 0, aheadMs },
      { sensorId: sensorIdOf(sensor), sinceMs, aheadMs: 0 },
    ]);
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
