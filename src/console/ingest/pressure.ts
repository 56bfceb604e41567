import { AppError } from "../../core/error.ts";
import type { LaneName } from "../../core/wire/common.ts";

export interface PressureLimits {
  /** Bounds of all that is taken and not yet durable. */
  readonly maxPendingRows: number;
  readonly maxPendingBytes: number;
}

/** How full the whole may be for a lane to be taken: what an outage left waits first, alerts last. */
const SHARE_OF_ALL: Readonly<Record<LaneName, number>> = { alert: 1, bulk: 0.9, backlog: 0.5 };
/** Of what its lane may fill, one sensor has this part at most: it can slow down itself only. */
const SHARE_OF_ONE = 0.5;
/** What streams bring is taken up to so many times the rows, as far as bytes allow: to refuse it ends a stream, and that costs more. */
const PATIENT_ROWS = 2;
/** When the whole is this full, a sensor has no more than its even share. */
const CROWDED = 0.75;
const MIN_SENSOR_ROWS = 1_000;
const MIN_SENSOR_BYTES = 4 * 1024 * 1024;
/** Granted is less than there is, so that who keeps to it is not refused when others come. */
const SHARE_GRANTED = 0.6;
const MAX_CREDIT = 10_000;
/** So that none starves beside thousands of others; how many bytes all have under way has a bound of its own. */
const MIN_CREDIT = 64;
/** A sensor begins with so much, and gets twice as much with each batch that became durable, up to its share. */
const FIRST_CREDIT = 1_000;
/** A sensor counts for so long after its last batch. */
const ACTIVE_MS = 5_000;
const FORGET_MS = 500;
/** After a failure so many are let through until an insert succeeds. */
const TRIAL_ROWS = 1_000;

const RETRY_SECS = 2;
const MAX_JITTER_SECS = 30;
/** Sensors a second that may come back. */
const RETRY_RATE = 400;

/** Refuses, and says when to come back: together with so many others that they are spread over a while. */
export function busy(message: string, others = 0): AppError {
  const spread = Math.min(MAX_JITTER_SECS, others / RETRY_RATE);
  const retryAfterSecs = RETRY_SECS + Math.floor(Math.random() * spread);
  return new AppError("unavailable", message, { retryAfterSecs, hint: "Keep the events and send them again." });
}

/** What a batch takes until it is durable. */
export interface Weight {
  /** Rows of events and of the loss ledger, and events that were refused. */
  readonly rows: number;
  /** Memory they hold, about. */
  readonly bytes: number;
}

interface Sensor {
  rows: number;
  bytes: number;
  /** Of a row in its last batch. */
  rowBytes: number;
  credit: number;
  seenMs: number;
}

/** What is under way, in rows and bytes, over all and for each sensor; and what may still come. */
export class Pressure {
  readonly #limits: PressureLimits;
  readonly #nowMs: () => number;
  /** In order of their last batch. */
  readonly #sensors = new Map<string, Sensor>();
  #rows = 0;
  #bytes = 0;
  #forgotMs = -Infinity;
  /** The last insert failed: only a little is let through. */
  trial = false;

  /** `nowMs` never goes back. */
  constructor(limits: PressureLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rows that one insert may have now. */
  get mostRows(): number {
    return this.trial ? TRIAL_ROWS : Infinity;
  }

  /** Rows that may still be taken in a lane, over all sensors. */
  room(lane: LaneName): number {
    if (this.#bytes >= this.#byteLimit(lane)) return 0;
    const limit = Math.min(this.mostRows, this.#limit(lane));
    return Math.max(0, Math.floor(limit - this.#rows));
  }

  /** Rows one sensor may have under way in a lane from now on. 0: it has to wait. */
  creditFor(sensorId: string, lane: LaneName): number {
    const room = this.room(lane);
    if (room === 0) return 0;
    const own = this.#sensors.get(sensorId);
    const share = (this.#limitFor(own, lane) * SHARE_GRANTED) / this.#active(own);
    const most = this.trial ? MIN_CREDIT : Math.min(MAX_CREDIT, own?.credit ?? FIRST_CREDIT, share);
    return Math.floor(Math.max(MIN_CREDIT, Math.min(most, (own?.rows ?? 0) + room)));
  }

  /**
   * Throws AppError `unavailable` when all is full, `rate_limited` when this sensor has more than its share under way. Who is `patient`
   * was granted it before there was no room, or was on the way before anybody knew of a failure.
   */
  admit(sensorId: string, lane: LaneName, { rows, bytes }: Weight, patient = false): void {
    if (rows === 0) return;
    const isFull = patient
      ? this.#rows >= this.#limit(lane) * PATIENT_ROWS || this.#bytes >= this.#byteLimit(lane)
      : this.room(lane) === 0;
    if (isFull) throw busy("Too many events are under way.", this.#sensors.size);
    const own = this.#sensors.get(sensorId);
    const [all, allBytes] = [this.#limit(lane), this.#byteLimit(lane)];
    const crowded = this.#rows > all * CROWDED || this.#bytes > allBytes * CROWDED;
    const part = crowded ? 1 / this.#active(own) : SHARE_OF_ONE;
    // A first batch is always taken, whatever its size: otherwise one larger than the share never would be.
    if (!own || own.rows === 0) return;
    const fits = own.rows + rows <= Math.max(MIN_SENSOR_ROWS, all * part);
    if (fits && own.bytes + bytes <= Math.max(MIN_SENSOR_BYTES, allBytes * part)) return;
    throw new AppError("rate_limited", "This sensor has more events under way than its share.", {
      retryAfterSecs: 1 + Math.floor(Math.random() * RETRY_SECS),
      hint: "Keep the events and send them again.",
    });
  }

  add(sensorId: string, { rows, bytes }: Weight): void {
    this.#rows += rows;
    this.#bytes += bytes;
    if (rows === 0) return;
    const known = this.#sensors.get(sensorId);
    const sensor = known ?? { rows: 0, bytes: 0, rowBytes: 0, credit: FIRST_CREDIT, seenMs: 0 };
    sensor.rows += rows;
    sensor.bytes += bytes;
    sensor.rowBytes = bytes / rows;
    sensor.seenMs = this.#nowMs();
    this.#sensors.delete(sensorId);
    this.#sensors.set(sensorId, sensor);
    this.#forget();
  }

  /** What is durable, or was given back (`stored` false), or says nothing of the store. */
  remove(sensorId: string, { rows, bytes }: Weight, stored?: boolean): void {
    this.#rows -= rows;
    this.#bytes -= bytes;
    const sensor = this.#sensors.get(sensorId);
    if (!sensor || rows === 0) return;
    sensor.rows -= rows;
    sensor.bytes -= bytes;
    if (stored === undefined) return;
    sensor.credit = stored ? Math.min(MAX_CREDIT, sensor.credit * 2) : FIRST_CREDIT;
  }

  #limit(lane: LaneName): number {
    return this.#limits.maxPendingRows * SHARE_OF_ALL[lane];
  }

  #byteLimit(lane: LaneName): number {
    return this.#limits.maxPendingBytes * SHARE_OF_ALL[lane];
  }

  /** Rows a lane holds if all are as large as this sensor's last ones. */
  #limitFor(own: Sensor | undefined, lane: LaneName): number {
    const rows = this.#limit(lane);
    return own && own.rowBytes > 0 ? Math.min(rows, this.#byteLimit(lane) / own.rowBytes) : rows;
  }

  /** Sensors that share the room, whoever asks among them. */
  #active(own: Sensor | undefined): number {
    return this.#sensors.size + (own ? 0 : 1);
  }

  /** Now and then only: a map that is always appended to and cut at its head is slow to find its head. */
  #forget(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#forgotMs < FORGET_MS) return;
    this.#forgotMs = nowMs;
    const beforeMs = nowMs - ACTIVE_MS;
    for (const [sensorId, sensor] of this.#sensors) {
      if (sensor.seenMs > beforeMs) return;
      if (sensor.rows === 0) this.#sensors.delete(sensorId);
    }
  }
}
