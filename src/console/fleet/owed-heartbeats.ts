import type { SectionUpdate } from "../inventory/store.ts";
import type { Before, HeartbeatUpdate } from "./store-heartbeat.ts";

/** As many sensors as a Console is made for, several times over. */
const MAX_KNOWN = 50_000;
/** Each keeps a heartbeat of some kilobytes. */
const MAX_OWED = 20_000;

/** A heartbeat on its way to the record. */
export interface PendingHeartbeat {
  readonly tenantId: string;
  readonly sensorId: string;
  /** When it came, milliseconds since 1970. */
  readonly atMs: number;
  /** It describes the node, too. */
  readonly hasSystem: boolean;
  /** What it says, given what was there before. */
  readonly update: (before: Before) => HeartbeatUpdate;
  /** Sections it brought; those that are stored already are left out. */
  readonly sections: readonly SectionUpdate[];
  readonly observedAt: Date;
}

/** What the answer to a heartbeat is made of. */
export interface Answered extends Pick<Before, "tenant_id" | "has_system" | "not_after" | "hashes"> {
  /** It is not on the record yet, and its sections will not be. */
  readonly owed?: true;
}

/**
 * Heartbeats that were answered though they could not be put on the record: the newest of each sensor, until it can be. Only sensors
 * are answered so whose record is known, from an earlier heartbeat or since it could be read: that is where the answer comes from.
 */
export class OwedHeartbeats {
  readonly #known = new Map<string, Answered>();
  readonly #owed = new Map<string, PendingHeartbeat>();

  /** A heartbeat is on the record, given what was there before: what was owed of the sensor is older. */
  recorded(pending: PendingHeartbeat, before: Before): void {
    this.#owed.delete(pending.sensorId);
    const hashes = new Map(before.hashes);
    for (const { section, hash } of pending.sections) hashes.set(section, hash);
    this.learn({ ...before, hashes, has_system: before.has_system || pending.hasSystem });
  }

  knows(sensorId: string): boolean {
    return this.#known.has(sensorId);
  }

  /** What is on the record of a sensor. */
  learn({ sensor_id, tenant_id, not_after, hashes, has_system }: Before): void {
    this.#known.delete(sensor_id);
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(sensor_id, { tenant_id, not_after, hashes, has_system, owed: true });
  }

  /** Keeps a heartbeat to be recorded later; answers what is known of its sensor, undefined when that is nothing. */
  owe(pending: PendingHeartbeat): Answered | undefined {
    const { sensorId, tenantId } = pending;
    const known = this.#known.get(sensorId);
    if (known?.tenant_id !== tenantId) return undefined;
    const before = this.#owed.get(sensorId);
    if (!before && this.#owed.size >= MAX_OWED) return undefined;
    // Sections would fill the memory of an outage; the sensor sends them again.
    if (!before || before.atMs <= pending.atMs) this.#owed.set(sensorId, { ...pending, sections: [] });
    return known;
  }

  /** It can never go on the record. */
  forget(sensorId: string): void {
    this.#owed.delete(sensorId);
  }

  /** When a sensor was heard that this is not on the record of, milliseconds since 1970. */
  heardMs(sensorId: string): number | undefined {
    return this.#owed.get(sensorId)?.atMs;
  }

  get size(): number {
    return this.#owed.size;
  }

  /** All that is owed, in order of age. */
  list(): PendingHeartbeat[] {
    return [...this.#owed.values()];
  }
}
