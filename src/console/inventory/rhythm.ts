import type { Clock } from "../../core/clock.ts";
import { INTERVALS, LIMITS } from "../../core/wire/limits.ts";

/**
 * Seconds between two inventories of each of so many sensors, so that the fleet keeps to `inventoriesPerSec`; undefined where that is no
 * more than sensors wait anyway.
 */
export function inventoryIntervalSecs(sensors: number): number | undefined {
  const secs = Math.ceil(sensors / LIMITS.inventoriesPerSec);
  if (secs * 1000 <= INTERVALS.inventoryMs) return undefined;
  return Math.min(secs, INTERVALS.inventoryMaxMs / 1000);
}

/** Who looks at a node sees it as it is now, whatever the rhythm: the sensor is asked, once in INTERVALS.inventoryMs however many look. */
export class InventoryAsks {
  readonly #refresh: (sensorId: string) => boolean;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** When sensors were asked, oldest first; those that may be asked again are forgotten. */
  readonly #askedMs = new Map<string, number>();

  /** `refresh` asks a sensor; false when it has no stream. */
  constructor(refresh: (sensorId: string) => boolean, clock: Pick<Clock, "monotonicMs">) {
    this.#refresh = refresh;
    this.#clock = clock;
  }

  /** Asks, unless that was done a moment ago. */
  ask(sensorId: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, askedMs] of this.#askedMs) {
      if (nowMs - askedMs < INTERVALS.inventoryMs) break;
      this.#askedMs.delete(id);
    }
    if (!this.#askedMs.has(sensorId) && this.#refresh(sensorId)) this.#askedMs.set(sensorId, nowMs);
  }

  /** Somebody looked a moment ago. */
  isAsked(sensorId: string): boolean {
    return this.#askedMs.has(sensorId);
  }
}
