import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { InventoryTaker, Prepared } from "../inventory/inventory.ts";
import type { SensorClient } from "./client.ts";
import { DISTRUST_RETRY_MS, type Trust } from "./trust.ts";

export interface InventoryOptions {
  readonly client: SensorClient;
  readonly taker: InventoryTaker;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
}

/** Sends everything at first and when asked; then processes when they changed (sockets go with the heartbeat where they fit). */
export class InventoryLoop implements Service {
  readonly name = "inventory";
  readonly #o: InventoryOptions;
  readonly #log: Log;
  #full = true;
  #now = new AbortController();
  failures = 0;
  sent = 0;

  constructor(options: InventoryOptions) {
    this.#o = options;
    this.#log = options.log.child("inventory");
  }

  /** Sends everything at once. */
  refresh(): void {
    this.#full = true;
    this.#now.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs, trust } = this.#o;
    let failing = false;
    while (!signal.aborted) {
      this.#now = new AbortController();
      let waitMs = intervalMs;
      try {
        await this.#send(signal);
        failing = false;
      } catch (error) {
        if (signal.aborted) break;
        this.failures++;
        if (!failing) this.#log.warn("the inventory did not get through", { error });
        failing = true;
        const retryMs = error instanceof AppError ? (error.retryAfterSecs ?? 0) * 1000 : 0;
        waitMs = trust.trusted ? Math.max(waitMs, Math.min(retryMs, DISTRUST_RETRY_MS)) : DISTRUST_RETRY_MS;
      }
      await clock.sleep(waitMs, AbortSignal.any([signal, this.#now.signal, trust.changed]));
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { client, taker } = this.#o;
    const full = this.#full;
    // Now, so that a refresh asked for while this one is under way is not forgotten.
    this.#full = false;
    let prepared: Prepared | undefined;
    try {
      prepared = await taker.prepare(full);
      if (!prepared) return;
      await client.post("/sensors/inventory", prepared.inventory, signal);
    } catch (error) {
      this.#full ||= full;
      if (prepared) taker.failed(prepared);
      throw error;
    }
    taker.arrived(prepared);
    this.sent++;
  }
}
