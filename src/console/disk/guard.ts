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
    return {
      select: (...args) => events.select(...args),
      selectSystem: (...args) => events.selectSystem(...args),
      insert: async (table, rows) => {
        check();
        try {
          await events.insert(table, rows);
        } catch (error) {
          if (isNoSpace(error)) this.#onNoSpace();
          throw error;
        }
      },
      ping: async () => {
        check();
        await events.ping();
      },
    };
  }
}
