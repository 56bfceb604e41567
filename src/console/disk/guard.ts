import type { AppError } from "../../core/error.ts";
import type { EventDb } from "../stores/contract.ts";
import { isNoSpace } from "./watch.ts";

/**
 * Stands before the event store: while it is closed nothing is inserted, so that nothing is acknowledged, and the store counts as
 * not answering for those that insert. Reading goes on.
 */
export class InsertGuard {
  #reason: AppError | undefined;
  readonly #onNoSpace: () => void;

  /** `onNoSpace` is told of inserts that failed for want of space. */
  constructor(onNoSpace: () => void) {
    this.#onNoSpace = onNoSpace;
  }

  /** Closed with the reason, or open. */
  set(reason: AppError | undefined): void {
    this.#reason = reason;
  }

  wrap(events: EventDb): EventDb {
    const check = (): void => {
      if (this.#reason) throw this.#reason;
    };
    const inserting = async (insert: () => Promise<void>): Promise<void> => {
      check();
      try {
        await insert();
      } catch (error) {
        if (isNoSpace(error)) this.#onNoSpace();
        throw error;
      }
    };
    return {
      ...(events.deferred === undefined ? {} : { deferred: events.deferred }),
      select: (...args) => events.select(...args),
      selectSystem: (...args) => events.selectSystem(...args),
      insert: (table, rows) => inserting(() => events.insert(table, rows)),
      insertEvents: (parts) => inserting(() => events.insertEvents(parts)),
      ping: async () => {
        check();
        await events.ping();
      },
    };
  }
}
