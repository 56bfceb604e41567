import type { Clock } from "../../core/clock.ts";
import type { EventDb } from "../stores/contract.ts";
import type { CountedLoss } from "./recorder.ts";
import { sumUnreadable } from "./store-second-look.ts";

/** How often it is looked. */
export const QUEUE_LOSSES_EVERY_MS = 60_000;
/** A row bears the time when its message was read, by the event store's clock; by then it can be seen. */
const SETTLED_MS = 60_000;

export interface QueueLossesDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly onLoss: (losses: readonly CountedLoss[]) => void;
}

/**
 * What ClickHouse could not read from a queue: its views write that into the ledger, past this process. It is looked up here, so that
 * it is counted and seen on its sensors as any other loss.
 */
export class QueueLosses {
  readonly #deps: QueueLossesDeps;
  #seenMs: number | undefined;

  constructor(deps: QueueLossesDeps) {
    this.#deps = deps;
  }

  /** Takes what was written since the last time. Throws when the event store does not answer. */
  async turn(): Promise<void> {
    const { events, clock, onLoss } = this.#deps;
    const toMs = clock.nowMs() - SETTLED_MS;
    const afterMs = this.#seenMs ?? toMs - QUEUE_LOSSES_EVERY_MS;
    onLoss(await sumUnreadable(events, { afterMs, toMs }));
    this.#seenMs = toMs;
  }
}
