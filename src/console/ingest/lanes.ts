import type { SensorPeer } from "../http/env.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { findCursor, findStored, type CursorUpdate, type LaneKey } from "./store.ts";

const MAX_LANES = 50_000;
/** Look-ups in the event store at once: a fleet that comes back together must not stall it. */
const MAX_LOADING = 8;

/** What the Console has of one sensor's sequence in one epoch. */
export interface Lane extends LaneKey {
  readonly nodeName: string;
  /** Highest sequence that is durable: what may be acknowledged. */
  durableSeq: number;
  /** Highest sequence taken, durable or under way. */
  queuedSeq: number;
  /** Stored already though above the cursor, after a restart or an insert with an unknown end. */
  present: Set<number> | undefined;
  /** Time of the last event taken, for the edges of gaps; 0 before there is one. */
  lastObservedUs: number;
  pending: number;
  /** What is known of it may be wrong: it is loaded again before it is used. */
  stale: boolean;
}

/** Cursors of all lanes in use, loaded at first sight and written back together. */
export class Lanes {
  readonly #db: Db;
  readonly #events: EventDb;
  readonly #lanes = new Map<string, Lane>();
  readonly #loading = new Map<string, Promise<Lane>>();
  readonly #dirty = new Map<string, CursorUpdate>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(deps: { db: Db; events: EventDb }) {
    this.#db = deps.db;
    this.#events = deps.events;
  }

  /** The lane, loaded. Rejects with AppError `unavailable` when a store does not answer. */
  async get(peer: SensorPeer, epoch: string): Promise<Lane> {
    const key = `${peer.sensorId}/${epoch}`;
    const lane = this.#lanes.get(key);
    if (lane && !lane.stale) return lane;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(key, peer, epoch).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** Highest sequence this process knows to be durable; 0 when it has not seen the epoch. */
  known(sensorId: string, epoch: string): number {
    const key = `${sensorId}/${epoch}`;
    return Math.max(this.#lanes.get(key)?.durableSeq ?? 0, this.#dirty.get(key)?.seq ?? 0);
  }

  /** Notes that a lane is durable up to its `durableSeq`. */
  advanced(lane: Lane): void {
    this.#dirty.set(`${lane.sensorId}/${lane.epoch}`, {
      tenantId: lane.tenantId,
      sensorId: lane.sensorId,
      epoch: lane.epoch,
      seq: lane.durableSeq,
    });
  }

  /** The updates to save, taken out; `restore` puts them back when saving failed. */
  takeDirty(): CursorUpdate[] {
    const taken = [...this.#dirty.values()];
    this.#dirty.clear();
    return taken;
  }

  restore(updates: readonly CursorUpdate[]): void {
    for (const update of updates) {
      const key = `${update.sensorId}/${update.epoch}`;
      if (!this.#dirty.has(key)) this.#dirty.set(key, update);
    }
  }

  async #load(key: string, peer: SensorPeer, epoch: string): Promise<Lane> {
    await this.#enter();
    try {
      const id: LaneKey = { tenantId: peer.tenantId, sensorId: peer.sensorId, epoch };
      const saved = Math.max(await findCursor(this.#db, id), this.#dirty.get(key)?.seq ?? 0);
      const { cursor, present } = await findStored(this.#events, id, saved);
      const lane: Lane = {
        ...id,
        nodeName: peer.nodeName,
        durableSeq: cursor,
        queuedSeq: cursor,
        present,
        lastObservedUs: this.#lanes.get(key)?.lastObservedUs ?? 0,
        pending: 0,
        stale: false,
      };
      this.#makeRoom();
      this.#lanes.set(key, lane);
      return lane;
    } finally {
      this.#active--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active >= MAX_LOADING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active++;
  }

  #makeRoom(): void {
    if (this.#lanes.size < MAX_LANES) return;
    for (const [key, lane] of this.#lanes) {
      if (lane.pending > 0) continue;
      this.#lanes.delete(key);
      return;
    }
  }
}
