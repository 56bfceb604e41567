import type { SensorPeer } from "../http/env.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { Loader } from "./loader.ts";
import { busy } from "./pressure.ts";
import type { SeqRanges } from "./seq-ranges.ts";
import type { CursorUpdate, LaneKey } from "./store.ts";
import { findCursors } from "./store-lanes.ts";
import { findStored } from "./store-ranges.ts";

const MAX_LANES = 200_000;
/** A sensor has 8 at most, and some that are over; one that makes them without end pushes out its own. */
const MAX_LANES_OF_ONE = 64;
/** A fleet that comes back together must stall neither store. */
const LANES_AT_ONCE = { maxKeys: 400, maxActive: 2, maxWaiting: 100_000, spacingMs: 500 };
const CURSORS_AT_ONCE = { maxKeys: 1_000, maxActive: 2, maxWaiting: 100_000 };

/** What the Console has of one sensor's sequence in one epoch. */
export interface Lane extends LaneKey {
  /** As the event table is ordered: by the second half of the sensor's id first. */
  readonly order: string;
  readonly nodeName: string;
  /** Highest sequence that is durable: what may be acknowledged. */
  durableSeq: number;
  /** Highest sequence taken, durable or under way. */
  queuedSeq: number;
  /** Stored already though above the cursor, after a restart or an insert with an unknown end. */
  present: SeqRanges | undefined;
  /** Time of the last event taken, for the edges of gaps; 0 before there is one. */
  lastObservedUs: number;
  pending: number;
  /** What is known of it may be wrong: it is loaded again before it is used. */
  stale: boolean;
  /** No store knows of it yet. */
  isNew: boolean;
  /** Where a batch began that left numbers out, and when; by the clock that never goes back. */
  leap: { readonly to: number; readonly sinceMs: number } | undefined;
}

interface Dirty extends CursorUpdate {
  seq: number;
  /** Since when, by the clock that never goes back. */
  readonly sinceMs: number;
}

/** Cursors of all lanes in use, loaded at first sight and written back together. */
export class Lanes {
  readonly #bySensor = new Map<string, Map<string, Lane>>();
  readonly #loading = new Map<string, Promise<Lane>>();
  /** Not saved yet. */
  readonly #dirty = new Map<string, Dirty>();
  readonly #loader: Loader<LaneKey, { cursor: number; present: SeqRanges | undefined }>;
  readonly #cursors: Loader<LaneKey, number>;
  #size = 0;

  constructor({ db, events }: { db: Db; events: EventDb }) {
    this.#loader = new Loader(async (keys) => {
      const saved = await findCursors(db, keys);
      const lanes = keys.map((key, i) => ({ ...key, cursor: Math.max(saved[i]!, this.#known(key)) }));
      const stored = await findStored(events, lanes);
      return lanes.map(({ cursor }, i) => ({ cursor, present: stored[i] }));
    }, LANES_AT_ONCE);
    this.#cursors = new Loader((keys) => findCursors(db, keys), CURSORS_AT_ONCE);
  }

  /** Lanes in use. */
  get size(): number {
    return this.#size;
  }

  /** The lane, when it is at hand and what is known of it holds. */
  find(sensorId: string, epoch: string): Lane | undefined {
    const lane = this.#find(sensorId, epoch);
    return lane?.stale === false ? lane : undefined;
  }

  /** The lane, loaded. Rejects with AppError `unavailable` when a store does not answer or too many are being loaded. */
  async get(peer: SensorPeer, epoch: string): Promise<Lane> {
    const lane = this.#find(peer.sensorId, epoch);
    if (lane?.stale === false) return lane;
    // What is still under way of it will be stored or not: until then nobody can say what there is.
    if (lane && lane.pending > 0) throw busy("The event store failed; what it has is not known yet.");
    const key = `${peer.sensorId}/${epoch}`;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(peer, epoch).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /**
   * Highest sequence known to be durable, as it was last saved or as this process knows better; 0 for a new epoch. Who asks has come
   * anew, maybe from another process of this installation: what is known here is looked up again before the lane goes on. `nextSeq` is the
   * number the sensor will give next: of a sequence in which it has given none, and which PostgreSQL does not know, no store has anything.
   */
  async cursor(peer: SensorPeer, epoch: string, nextSeq?: number): Promise<number> {
    const key = { tenantId: peer.tenantId, sensorId: peer.sensorId, epoch };
    const saved = await this.#cursors.get(key);
    const lane = this.#find(peer.sensorId, epoch);
    if (lane && lane.pending === 0) lane.stale = true;
    const known = Math.max(saved, this.#known(key));
    const fresh = nextSeq === 1 && known === 0 && !lane && !this.#loading.has(`${peer.sensorId}/${epoch}`);
    if (fresh) this.#keep(this.#lane(peer, key, { cursor: 0, present: undefined }));
    return known;
  }

  /** Notes that a lane is durable up to its `durableSeq`; by the clock that never goes back. */
  advanced(lane: Lane, nowMs: number): void {
    const { tenantId, sensorId, epoch, durableSeq } = lane;
    const key = `${sensorId}/${epoch}`;
    const before = this.#dirty.get(key);
    if (before) before.seq = durableSeq;
    else this.#dirty.set(key, { tenantId, sensorId, epoch, seq: durableSeq, sinceMs: lane.isNew ? -Infinity : nowMs });
    lane.isNew = false;
  }

  /** The updates that have waited since then, and those of new lanes, taken out; `restore` puts them back when saving failed. */
  takeDirty(sinceMs = Infinity): CursorUpdate[] {
    const taken: CursorUpdate[] = [];
    for (const [key, update] of this.#dirty) {
      if (update.sinceMs > sinceMs) continue;
      this.#dirty.delete(key);
      taken.push(update);
    }
    return taken;
  }

  restore(updates: readonly CursorUpdate[]): void {
    for (const update of updates) {
      const key = `${update.sensorId}/${update.epoch}`;
      if (!this.#dirty.has(key)) this.#dirty.set(key, { ...update, sinceMs: -Infinity });
    }
  }

  /** A sensor comes with numbers from here on: it does not leave them out, whatever becomes of them now. */
  offered(sensorId: string, epoch: string, firstSeq: number): void {
    const lane = this.#find(sensorId, epoch);
    if (lane?.leap && firstSeq < lane.leap.to) lane.leap = undefined;
  }

  /** Another process takes this sensor's events now: the stores are asked before any lane of it is used here again. */
  doubt(sensorId: string): void {
    for (const lane of this.#bySensor.get(sensorId)?.values() ?? []) if (lane.pending === 0) lane.stale = true;
  }

  #find(sensorId: string, epoch: string): Lane | undefined {
    return this.#bySensor.get(sensorId)?.get(epoch);
  }

  /** What this process knows to be durable, whether it was saved yet or is being saved. */
  #known({ sensorId, epoch }: LaneKey): number {
    return Math.max(this.#find(sensorId, epoch)?.durableSeq ?? 0, this.#dirty.get(`${sensorId}/${epoch}`)?.seq ?? 0);
  }

  async #load(peer: SensorPeer, epoch: string): Promise<Lane> {
    const id: LaneKey = { tenantId: peer.tenantId, sensorId: peer.sensorId, epoch };
    const lane = this.#lane(peer, id, await this.#loader.get(id));
    this.#keep(lane);
    return lane;
  }

  #lane(peer: SensorPeer, id: LaneKey, { cursor, present }: { cursor: number; present: SeqRanges | undefined }): Lane {
    const before = this.#find(id.sensorId, id.epoch);
    return {
      ...id,
      order: id.sensorId.slice(19) + id.sensorId,
      nodeName: peer.nodeName,
      durableSeq: cursor,
      queuedSeq: cursor,
      present,
      lastObservedUs: before?.lastObservedUs ?? 0,
      pending: 0,
      stale: false,
      isNew: cursor === 0,
      leap: before?.leap,
    };
  }

  #keep(lane: Lane): void {
    const own = this.#bySensor.get(lane.sensorId) ?? new Map<string, Lane>();
    if (!own.delete(lane.epoch)) {
      this.#size++;
      if (own.size >= MAX_LANES_OF_ONE) this.#forgetOne(lane.sensorId, own);
      else if (this.#size > MAX_LANES)
        for (const [sensorId, lanes] of this.#bySensor) if (this.#forgetOne(sensorId, lanes)) break;
    }
    this.#bySensor.set(lane.sensorId, own.set(lane.epoch, lane));
  }

  /** Forgets a sensor's oldest lane with nothing under way, and the sensor with its last. */
  #forgetOne(sensorId: string, lanes: Map<string, Lane>): boolean {
    for (const [epoch, lane] of lanes) {
      if (lane.pending > 0) continue;
      lanes.delete(epoch);
      this.#size--;
      if (lanes.size === 0) this.#bySensor.delete(sensorId);
      return true;
    }
    return false;
  }
}
