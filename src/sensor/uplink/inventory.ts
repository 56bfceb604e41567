import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { Inventory, InventoryResponse } from "../../core/wire/inventory.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import type { InventoryTaker, Prepared } from "../inventory/inventory.ts";
import type { SensorClient } from "./client.ts";
import { jitter, type Dice } from "./jitter.ts";
import { DISTRUST_RETRY_MS, type Trust } from "./trust.ts";
import { untilSettled } from "./until-settled.ts";

/** The first heartbeat's answer, which says how large the fleet is, is waited for so long. */
const FIRST_ANSWER_MS = INTERVALS.heartbeatMs;

export interface InventoryOptions {
  readonly client: Pick<SensorClient, "post">;
  readonly taker: Pick<InventoryTaker, "prepare" | "arrived" | "failed">;
  readonly trust: Pick<Trust, "trusted" | "changed">;
  readonly clock: Clock;
  readonly log: Log;
  /** At least; the Console may ask for more. */
  readonly intervalMs: number;
  /** The way by the open stream; answers undefined when the inventory has to be posted. */
  readonly stream?: {
    settled(): Promise<void>;
    inventory(body: Inventory): Promise<InventoryResponse | undefined>;
  };
  readonly dice?: Dice;
}

/**
 * Sends everything at first and when asked; then processes when they changed (sockets go with the heartbeat where they fit). How often it
 * looks is the Console's to say, by the size of the fleet; what somebody asks for goes at once.
 */
export class InventoryLoop implements Service {
  readonly name = "inventory";
  readonly #o: InventoryOptions;
  readonly #log: Log;
  readonly #told = Promise.withResolvers<void>();
  #paceMs = 0;
  #full = true;
  /** Somebody waits for it. */
  #asked = false;
  /** The Console has none; no one waits. */
  #wanted = false;
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
    this.#asked = true;
    this.#now.abort();
  }

  /** The Console has nothing of this sensor, perhaps of nobody: everything is sent, over as long as the whole fleet needs for it. */
  want(): void {
    if (this.#full) return;
    this.#full = true;
    this.#wanted = true;
    this.#now.abort();
  }

  /** How long the Console wishes between two inventories, as of the next one; undefined when it has no wish. */
  pace(secs: number | undefined): void {
    this.#paceMs = (secs ?? 0) * 1000;
    this.#told.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { trust } = this.#o;
    let failing = false;
    await this.#untilTold(signal);
    let waitMs = this.#spreadMs();
    for (;;) {
      await this.#rest(waitMs, signal);
      if (signal.aborted) return;
      waitMs = jitter(this.#rhythmMs, this.#o.dice);
      try {
        await this.#send(signal);
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        this.failures++;
        if (!failing) this.#log.warn("the inventory did not get through", { error });
        failing = true;
        const retryMs = error instanceof AppError ? (error.retryAfterSecs ?? 0) * 1000 : 0;
        waitMs = trust.trusted ? Math.max(waitMs, Math.min(retryMs, DISTRUST_RETRY_MS)) : DISTRUST_RETRY_MS;
      }
    }
  }

  get #rhythmMs(): number {
    return Math.max(this.#o.intervalMs, this.#paceMs);
  }

  /** Nothing in a small fleet; in a large one any time within its rhythm. */
  #spreadMs(): number {
    return (this.#o.dice ?? Math.random)() * (this.#rhythmMs - this.#o.intervalMs);
  }

  async #untilTold(signal: AbortSignal): Promise<void> {
    const late = AbortSignal.any([signal, this.#now.signal]);
    await Promise.race([this.#told.promise, this.#o.clock.sleep(FIRST_ANSWER_MS, late)]);
  }

  /** Waits, until it is asked for sooner. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { clock, trust } = this.#o;
    let untilMs = clock.monotonicMs() + ms;
    while (!signal.aborted && !this.#asked) {
      if (this.#wanted) untilMs = Math.min(untilMs, clock.monotonicMs() + this.#spreadMs());
      this.#wanted = false;
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      this.#now = new AbortController();
      const { changed } = trust;
      await clock.sleep(leftMs, AbortSignal.any([signal, this.#now.signal, changed]));
      if (changed.aborted) return;
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { client, taker, stream, clock } = this.#o;
    const full = this.#full;
    // Now, so that a refresh asked for while this one is under way is not forgotten.
    this.#full = false;
    this.#asked = false;
    this.#wanted = false;
    let prepared: Prepared | undefined;
    try {
      prepared = await taker.prepare(full);
      if (!prepared) return;
      await untilSettled(stream, clock, signal);
      const { inventory } = prepared;
      if ((await stream?.inventory(inventory)) === undefined)
        await client.post("/sensors/inventory", inventory, signal);
    } catch (error) {
      this.#full ||= full;
      if (prepared) taker.failed(prepared);
      throw error;
    }
    taker.arrived(prepared);
    this.sent++;
  }
}
