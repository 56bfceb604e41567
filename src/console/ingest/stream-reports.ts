import { AppError } from "../../core/error.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { InventoryResponse } from "../../core/wire/inventory.ts";
import type { StreamDown } from "../../core/wire/stream.ts";
import type { SensorPeer } from "../http/env.ts";

/** What a sensor reports beside events, by the name of the answer. */
const REPORTS = { heard: "A heartbeat", noted: "An inventory" } as const;
export type ReportName = keyof typeof REPORTS;

/** Inventories at once, and how long it takes until there may be one more: whoever sends them without end costs no more than his share. */
const INVENTORIES_AT_ONCE = 5;
const INVENTORY_EVERY_MS = 5_000;

/** Who takes the reports of streams. */
export interface ReportTakers {
  nowMs(): number;
  /** Takes a heartbeat; undefined where they are posted only. */
  readonly heartbeat: ((peer: SensorPeer, body: unknown) => Promise<HeartbeatResponse>) | undefined;
  /** Takes an inventory, the same way. */
  readonly inventory: ((peer: SensorPeer, body: unknown) => Promise<InventoryResponse>) | undefined;
}

/** What a sensor is told whose report is not taken by this stream. */
export function postedOnly(report: ReportName): AppError {
  return new AppError("invalid_request", `${REPORTS[report]} is posted here.`);
}

/** The reports of one sensor's stream: one of each at a time, inventories not too often. */
export class StreamReports {
  readonly #peer: SensorPeer;
  readonly #takers: ReportTakers;
  readonly #underWay = new Set<ReportName>();
  /** When all of the inventories at once may come again. */
  #inventoriesMs = 0;

  constructor(peer: SensorPeer, takers: ReportTakers) {
    this.#peer = peer;
    this.#takers = takers;
  }

  /**
   * Takes a report; resolves with what is answered, a refusal too: the stream carries events, and one that is not taken ends nothing.
   * Throws AppError `invalid_request` at once when the sensor may not send it so.
   */
  take(report: ReportName, id: number, body: unknown): Promise<StreamDown> {
    const { heartbeat, inventory } = this.#takers;
    const take = report === "heard" ? heartbeat : inventory && this.#inventory;
    if (!take) throw postedOnly(report);
    if (this.#underWay.has(report)) throw new AppError("invalid_request", `${REPORTS[report]} is under way already.`);
    this.#underWay.add(report);
    return this.#answer(report, id, take, body);
  }

  async #answer(
    type: ReportName,
    id: number,
    take: (peer: SensorPeer, body: unknown) => Promise<HeartbeatResponse | InventoryResponse>,
    body: unknown,
  ): Promise<StreamDown> {
    try {
      return { type, id, answer: await take(this.#peer, body) } as StreamDown;
    } catch (error) {
      const known =
        error instanceof AppError ? error : new AppError("internal", `${REPORTS[type]} could not be taken.`);
      const { code, message, retryAfterSecs } = known;
      const again = type === "noted" && retryAfterSecs !== undefined;
      const more = again ? { retry_after_secs: Math.ceil(retryAfterSecs) } : {};
      return { type, id, error: { code, message: message.slice(0, 512), ...more } };
    } finally {
      this.#underWay.delete(type);
    }
  }

  readonly #inventory = async (peer: SensorPeer, body: unknown): Promise<InventoryResponse> => {
    const nowMs = this.#takers.nowMs();
    const fullMs = Math.max(this.#inventoriesMs, nowMs) + INVENTORY_EVERY_MS;
    const waitMs = fullMs - nowMs - INVENTORIES_AT_ONCE * INVENTORY_EVERY_MS;
    if (waitMs > 0)
      throw new AppError("rate_limited", "Inventories come too often.", { retryAfterSecs: Math.ceil(waitMs / 1000) });
    this.#inventoriesMs = fullMs;
    return this.#takers.inventory!(peer, body);
  };
}
