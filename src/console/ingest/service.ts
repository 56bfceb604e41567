import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { LaneName, RejectedEvent } from "../../core/wire/common.ts";
import type { EventsResponse } from "../../core/wire/events.ts";
import type { SensorPeer } from "../http/env.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import type { EventRows } from "../rows/contract.ts";
import { prepareRows } from "../rows/make-rows.ts";
import type { CommitOptions } from "./commit-options.ts";
import { GroupCommit, type DurableCommit } from "./group-commit.ts";
import { Lanes, type Lane } from "./lanes.ts";
import { leapOf } from "./leap.ts";
import { addRejected } from "./store.ts";
import { saveCursors } from "./store-lanes.ts";
import { takeBatch, weightOf, type IncomingBatch } from "./take-batch.ts";

const SAVE_MS = 1_000;
/** A cursor is saved so long after it moved: those of sensors that send all the time are then written once for many batches. */
const CURSOR_MS = 5_000;
const DRAIN_MS = 10_000;
/** Labels that are said with every batch. */
const STORED = { outcome: "stored" };
const READ = { packed: { read: "packed" }, objects: { read: "objects" } };

export interface IngestDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly commit?: Partial<CommitOptions>;
  /** Told of each batch once it is durable, before it is acknowledged; must not wait or throw. */
  readonly onDurable?: (commit: DurableCommit) => void;
}

/** The corridor from a sensor's batch to durable rows: check, deduplicate, commit in groups, acknowledge. */
export class Ingest implements Service {
  readonly name = "ingest";
  readonly #deps: IngestDeps;
  readonly #lanes: Lanes;
  readonly #commit: GroupCommit;
  readonly #faults = new Map<string, { rejected: number; malformed: number }>();
  readonly #taken: (by: number, labels: { outcome: string }) => void;
  readonly #batches: (by: number, labels: { read: string }) => void;
  readonly #malformed: () => void;
  readonly #put: (by: number, labels: { reason: string }) => void;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    prepareRows();
    this.#lanes = new Lanes(deps);
    this.#commit = new GroupCommit({
      ...deps,
      ...(deps.commit ? { options: deps.commit } : {}),
      onDurable: (commit) => this.#durable(commit),
      saveReached: (reached) => saveCursors(deps.db, reached),
    });
    this.#taken = deps.metrics.counter("telovix_console_events_total", "Events received, by what became of them.");
    this.#batches = deps.metrics.counter("telovix_console_batches_total", "Batches of events, by how they were read.");
    this.#put = deps.metrics.counter(
      "telovix_console_batches_put_off_total",
      "Batches that were not taken, by why; their sensors keep them and come again.",
    );
    const lanes = deps.metrics.gauge("telovix_console_ingest_lanes", "Sequences of sensors in use.");
    deps.metrics.onCollect(() => lanes(this.#lanes.size));
    this.#malformed = deps.metrics.counter(
      "telovix_console_messages_malformed_total",
      "Messages of sensors that could not be read.",
    );
  }

  /** Nothing of a lane would be taken now, and something will be soon: what is under way is on its way into the store. */
  isFull(lane: LaneName): boolean {
    return this.#commit.isFull(lane);
  }

  /** Events that may be taken now over all sensors. */
  get room(): number {
    return this.#commit.room("bulk");
  }

  /** Whether every lane may be granted something: what an outage left has the least room. */
  get isRoomy(): boolean {
    return this.#commit.room("backlog") > 0;
  }

  /**
   * Events of a lane this sensor may have under way from now on: its share of what the store can take. 0 means wait; `watchStore`
   * tells when to ask again after the store was down, and each acknowledgement is an occasion too.
   */
  creditFor(sensorId: string, lane: LaneName): number {
    return this.#commit.creditFor(sensorId, lane);
  }

  /** Why the event store took nothing the last time; undefined once it has since. */
  get storeFault(): AppError | undefined {
    return this.#commit.fault;
  }

  /** Calls back when the event store goes down or comes back. */
  watchStore(changed: () => void): () => void {
    return this.#commit.watch(changed);
  }

  /** Calls back when there is room again for more than before. */
  watchRoom(changed: () => void): () => void {
    return this.#commit.watchRoom(changed);
  }

  /** The sensor's stream is at another process now. */
  movedAway(sensorId: string): void {
    this.#lanes.doubt(sensorId);
  }

  /**
   * What the Console has of an epoch, for a sensor that says hello and gives `nextSeq` next. A lower answer than the truth costs a
   * re-delivery only.
   */
  cursor(peer: SensorPeer, epoch: string, nextSeq?: number): Promise<number> {
    return this.#lanes.cursor(peer, epoch, nextSeq);
  }

  /**
   * Takes a batch and resolves once its good events are durable. Rejects with AppError `unavailable` when the store is down, too
   * much is under way or numbers before it are missing, and `rate_limited` when this sensor has its share under way: it keeps the
   * events and sends them again. A patient one is kept, as far as there is room, until the store is back.
   */
  async accept(peer: SensorPeer, batch: IncomingBatch): Promise<EventsResponse> {
    const { sensorId } = peer;
    this.#lanes.offered(sensorId, batch.epoch, batch.first_seq);
    // Before any work is done for it.
    this.#admit(sensorId, batch);
    const lane = this.#lanes.find(sensorId, batch.epoch);
    // Nothing waits here: an async function keeps what it was given to its end, and a batch as it came may be many times what is
    // kept of it until it is durable.
    return lane ? this.#take(peer, lane, batch) : this.#load(peer, batch);
  }

  /** What waits for the stores to say where its sequence stands is under way as much as what waits to be inserted. */
  #load(peer: SensorPeer, batch: IncomingBatch): Promise<EventsResponse> {
    const held = this.#commit.hold(peer.sensorId, weightOf(batch));
    return this.#lanes
      .get(peer, batch.epoch)
      .finally(() => held[Symbol.dispose]())
      .then((lane) => this.#take(peer, lane, batch));
  }

  /** Not async: order of arrival is order in the queue. */
  #take(peer: SensorPeer, lane: Lane, batch: IncomingBatch): Promise<EventsResponse> {
    const nowMs = this.#deps.clock.nowMs();
    const leap = leapOf(lane, batch.first_seq, batch.handed, this.#deps.clock.monotonicMs());
    if (leap) {
      this.#taken(batch.events.length, { outcome: "out_of_order" });
      throw leap;
    }
    const { events, losses, rejected, duplicates, read } = takeBatch(batch, lane, peer.nodeName, nowMs);
    this.#batches(1, READ[read]);
    const { first_seq: firstSeq, last_seq: lastSeq, lane: laneName = "bulk", patient = false } = batch;
    const told = { events, losses, rejected: rejected.length, firstSeq, lastSeq };
    const done = this.#commit.submit({ lane, laneName, patient, ...told });
    this.#advance(lane, batch, events);
    if (duplicates > 0) this.#taken(duplicates, { outcome: "duplicate" });
    return this.#answer(lane, done, rejected);
  }

  async #answer(
    lane: Lane,
    done: Promise<readonly RejectedEvent[]>,
    checked: RejectedEvent[],
  ): Promise<EventsResponse> {
    const refused = await done;
    const rejected = refused.length > 0 ? [...checked, ...refused] : checked;
    if (rejected.length > 0) {
      this.#taken(rejected.length, { outcome: "rejected" });
      this.#fault(lane.sensorId, rejected.length, 0);
    }
    return { ack: { epoch: lane.epoch, seq: lane.durableSeq }, rejected };
  }

  /** Counts a message of a sensor that could not be read at all. */
  countMalformed(peer: SensorPeer): void {
    this.#malformed();
    this.#fault(peer.sensorId, 0, 1);
  }

  /** Takes nothing more; resolves once what was taken is durable and told, the store is down, or it takes too long. For the end. */
  async drain(): Promise<void> {
    await Promise.race([this.#commit.drain(), this.#deps.clock.sleep(DRAIN_MS)]);
    // The answers have a turn to be sent.
    await new Promise((resolve) => setImmediate(resolve));
  }

  async run(signal: AbortSignal): Promise<void> {
    const commit = this.#commit.run(signal);
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SAVE_MS, signal);
      await this.#save(this.#deps.clock.monotonicMs() - CURSOR_MS);
    }
    await commit;
    await this.#save(Infinity);
  }

  #admit(sensorId: string, batch: IncomingBatch): void {
    try {
      const { lane = "bulk", patient = false } = batch;
      this.#commit.admit(sensorId, lane, { ...weightOf(batch), bytes: 0 }, patient);
    } catch (error) {
      this.#put(1, { reason: error instanceof AppError ? error.code : "internal" });
      throw error;
    }
  }

  #advance(lane: Lane, batch: IncomingBatch, events: EventRows): void {
    lane.queuedSeq = Math.max(lane.queuedSeq, batch.last_seq);
    if (events.count > 0) lane.lastObservedUs = events.observedUsAt(events.count - 1);
    if (!lane.present) return;
    lane.present.dropTo(lane.queuedSeq);
    if (lane.present.isEmpty) lane.present = undefined;
  }

  #durable(commit: DurableCommit): void {
    const { lane, events } = commit;
    this.#deps.onDurable?.(commit);
    if (!lane.stale) this.#lanes.advanced(lane, this.#deps.clock.monotonicMs());
    if (events.count === 0) return;
    this.#taken(events.count, STORED);
    this.#deps.hub.offer(lane.tenantId, () => events.stored(), events.ranks);
  }

  #fault(sensorId: string, rejected: number, malformed: number): void {
    const old = this.#faults.get(sensorId);
    this.#faults.set(sensorId, {
      rejected: (old?.rejected ?? 0) + rejected,
      malformed: (old?.malformed ?? 0) + malformed,
    });
  }

  /** Writes counters, and cursors that moved before then. Losing the last of them costs a look into the event store, nothing else. */
  async #save(movedMs: number): Promise<void> {
    const cursors = this.#lanes.takeDirty(movedMs);
    const faults = [...this.#faults].map(([sensorId, counts]) => ({ sensorId, ...counts }));
    this.#faults.clear();
    try {
      await saveCursors(this.#deps.db, cursors);
      cursors.length = 0;
      await addRejected(this.#deps.db, faults);
    } catch (error) {
      this.#lanes.restore(cursors);
      for (const { sensorId, rejected, malformed } of faults) this.#fault(sensorId, rejected, malformed);
      this.#deps.log.warn("cursors could not be saved; they are tried again", { error: errorMessage(error) });
    }
  }
}
