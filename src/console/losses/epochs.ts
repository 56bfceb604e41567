import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { SensorPeer } from "../http/env.ts";
import { Loader } from "../ingest/loader.ts";
import type { LossRow } from "../ingest/store.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { Restored, type HandedOver } from "./restored.ts";
import {
  findNextEvent,
  findReached,
  findRetractions,
  listEpochs,
  saveEpochs,
  type KnownEpoch,
} from "./store-epochs.ts";

/** Sensors whose last hello is remembered, so that a reconnect with the same sequences costs nothing. */
const MAX_REMEMBERED = 50_000;
/** A fleet that comes back together is looked at together. */
const SENSORS_AT_ONCE = { maxKeys: 200, maxActive: 2, maxWaiting: 100_000 };

export interface EpochsDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  /** Highest number of a sequence the Console knows to be durable. */
  readonly cursor: (peer: SensorPeer, epoch: string) => Promise<number>;
  readonly onLoss: (rows: readonly LossRow[]) => void;
}

/** A sequence that is over, with the last number given in it. */
type Ended = HandedOver & { readonly last_seq: number };

/** Finds what went with a sequence that is over before all of it had come. */
export class Epochs {
  readonly #deps: EpochsDeps;
  readonly #restored: Restored;
  readonly #known: Loader<{ readonly tenantId: string; readonly sensorId: string }, KnownEpoch[]>;
  readonly #seen = new Map<string, string>();

  constructor(deps: EpochsDeps) {
    this.#deps = deps;
    this.#known = new Loader((sensors) => listEpochs(deps.db, sensors), SENSORS_AT_ONCE);
    this.#restored = new Restored(deps);
  }

  /** Before a hello is answered: what a restored Console had of these sequences and has no more. Rejects when a store does not answer. */
  compare(peer: SensorPeer, lanes: readonly HandedOver[], ended: readonly HandedOver[]): Promise<void> {
    return this.#restored.compare(peer, [...lanes, ...ended]);
  }

  /**
   * Takes what a hello (version 3) says of a sensor's sequences: those it still has, and those that are over with their last numbers.
   * A sequence the Console knows and neither names is gone, nobody knows with how much. Each goes to the ledger once; one that comes
   * back is taken out of it. Never rejects: what could not be done is done at the next hello.
   */
  async seen(peer: SensorPeer, lanes: readonly { readonly epoch: string }[], ended: readonly Ended[]): Promise<void> {
    const mark = JSON.stringify([lanes.map(({ epoch }) => epoch), ended]);
    if (this.#seen.get(peer.sensorId) === mark) return;
    try {
      await this.#compare(peer, new Set(lanes.map(({ epoch }) => epoch)), new Map(ended.map((e) => [e.epoch, e])));
      if (this.#seen.size >= MAX_REMEMBERED) this.#seen.delete(this.#seen.keys().next().value!);
      this.#seen.set(peer.sensorId, mark);
    } catch (error) {
      this.#deps.log.warn("sequences that are over could not be looked at; it is tried at the next hello", {
        sensor_id: peer.sensorId,
        error: errorMessage(error),
      });
    }
  }

  async #compare(peer: SensorPeer, present: ReadonlySet<string>, ended: ReadonlyMap<string, Ended>): Promise<void> {
    const { db, events } = this.#deps;
    const known = await this.#known.get({ tenantId: peer.tenantId, sensorId: peer.sensorId });
    const opened = known.filter(({ epoch, closed_at }) => closed_at !== null && present.has(epoch));
    const over = known.filter(({ epoch, closed_at }) => closed_at === null && !present.has(epoch));
    const names = new Set(known.map(({ epoch }) => epoch));
    const unheard = [...ended].filter(([epoch]) => !names.has(epoch) && !present.has(epoch));
    if (opened.length + over.length + unheard.length === 0) return;
    const rows: LossRow[] = [];
    for (const { epoch, updated_at } of over) {
      const row = await this.#rowOf(peer, epoch, ended.get(epoch), updated_at.getTime() * 1000);
      if (row) rows.push(row);
    }
    for (const [epoch, end] of unheard) {
      const row = end.last_seq === 0 ? undefined : await this.#rowOf(peer, epoch, end, this.#deps.clock.nowMs() * 1000);
      if (row) rows.push(row);
    }
    for (const { epoch } of opened)
      rows.push(...(await findRetractions(events, peer.tenantId, peer.sensorId, epoch, this.#deps.clock.nowMs())));
    if (rows.length > 0) await events.insert("event_losses", rows);
    // Behind the insert: an end between the two writes the same rows again.
    const closed = [...over.map(({ epoch }) => epoch), ...unheard.map(([epoch]) => epoch)];
    await saveEpochs(db, peer.tenantId, peer.sensorId, { closed, opened: opened.map(({ epoch }) => epoch) });
    this.#deps.onLoss(rows);
  }

  /** What is missing at the end of a sequence; undefined when all of it came. */
  async #rowOf(
    peer: SensorPeer,
    epoch: string,
    end: Ended | undefined,
    lastSeenUs: number,
  ): Promise<LossRow | undefined> {
    const lastSeq = end?.last_seq;
    const { tenantId, sensorId, nodeName } = peer;
    const { events, clock } = this.#deps;
    const reached = await findReached(events, tenantId, sensorId, epoch);
    const seq = Math.max(reached.seq, await this.#deps.cursor(peer, epoch), end?.base_seq ?? 0);
    if (lastSeq !== undefined && lastSeq <= seq) return undefined;
    const nowMs = clock.nowMs();
    const fromUs = reached.atUs || lastSeenUs;
    const next = await findNextEvent(events, tenantId, sensorId, epoch, fromUs);
    return {
      tenant_id: tenantId,
      sensor_id: sensorId,
      node_name: nodeName,
      stage: "spool",
      cause: lastSeq === undefined ? "epoch_lost" : "epoch_ended",
      count: lastSeq === undefined ? 0 : lastSeq - seq,
      unknown: lastSeq === undefined ? 1 : 0,
      source: "epoch",
      epoch,
      from_seq: seq + 1,
      to_seq: lastSeq ?? seq + 1,
      from_at: fromUs,
      to_at: Math.max(fromUs, Math.min(next ?? nowMs * 1000, nowMs * 1000)),
      recorded_at: nowMs,
    };
  }
}
