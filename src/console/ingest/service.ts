import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { EventsBatchEnvelope, EventsResponse } from "../../core/wire/events.ts";
import type { SensorPeer } from "../http/env.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import type { StoredEvent } from "../stores/runtime-event-row.ts";
import { checkBatch } from "./check-batch.ts";
import { GroupCommit, type Commit, type CommitOptions } from "./group-commit.ts";
import { Lanes, type Lane } from "./lanes.ts";
import { lossesOf } from "./losses.ts";
import { addRejected, findSavedCursor, saveCursors } from "./store.ts";

const SAVE_MS = 1_000;

export interface IngestDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly commit?: Partial<CommitOptions>;
}

/** The corridor from a sensor's batch to durable rows: check, deduplicate, commit in groups, acknowledge. */
export class Ingest implements Service {
  readonly name = "ingest";
  readonly #deps: IngestDeps;
  readonly #lanes: Lanes;
  readonly #commit: GroupCommit;
  readonly #faults = new Map<string, { rejected: number; malformed: number }>();
  readonly #taken: (by: number, labels: { outcome: string }) => void;
  readonly #malformed: () => void;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#lanes = new Lanes(deps);
    this.#commit = new GroupCommit({
      ...deps,
      ...(deps.commit ? { options: deps.commit } : {}),
      onDurable: (commit) => this.#durable(commit),
    });
    this.#taken = deps.metrics.counter("telovix_console_events_total", "Events received, by what became of them.");
    this.#malformed = deps.metrics.counter(
      "telovix_console_messages_malformed_total",
      "Messages of sensors that could not be read.",
    );
  }

  /** Events that may be taken now over all sensors. */
  get room(): number {
    return this.#commit.room;
  }

  /** Calls back when the event store goes down or comes back. */
  watchStore(changed: () => void): () => void {
    return this.#commit.watch(changed);
  }

  /** What the Console has of an epoch, for a sensor that says hello. A lower answer than the truth costs a re-delivery only. */
  async cursor(peer: SensorPeer, epoch: string): Promise<number> {
    const saved = await findSavedCursor(this.#deps.db, peer.tenantId, peer.sensorId, epoch);
    return Math.max(saved, this.#lanes.known(peer.sensorId, epoch));
  }

  /**
   * Takes a batch and resolves once its good events are durable. Rejects with AppError `unavailable` when the store is down or
   * too much is under way: the sensor keeps the events and sends them again.
   */
  async accept(peer: SensorPeer, batch: EventsBatchEnvelope): Promise<EventsResponse> {
    const lane = await this.#lanes.get(peer, batch.epoch);
    // No await between here and submit: order of arrival is order in the queue.
    const nowMs = this.#deps.clock.nowMs();
    const checked = checkBatch(batch, lane.queuedSeq, lane.present, nowMs);
    const events = checked.events.map((event): StoredEvent => {
      const { tenantId, sensorId, epoch } = lane;
      return { tenantId, sensorId, nodeName: peer.nodeName, epoch, event, ingestedAtMs: nowMs };
    });
    const losses = lossesOf(lane, peer.nodeName, batch, checked.gaps, nowMs);
    const done = this.#commit.submit({ lane, events, losses, lastSeq: batch.last_seq });
    this.#advance(lane, batch, events);
    if (checked.duplicates > 0) this.#taken(checked.duplicates, { outcome: "duplicate" });
    const refused = await done;
    const rejected = refused.length > 0 ? [...checked.rejected, ...refused] : checked.rejected;
    if (rejected.length > 0) {
      this.#taken(rejected.length, { outcome: "rejected" });
      this.#fault(peer.sensorId, rejected.length, 0);
    }
    return { ack: { epoch: batch.epoch, seq: lane.durableSeq }, rejected };
  }

  /** Counts a message of a sensor that could not be read at all. */
  countMalformed(peer: SensorPeer): void {
    this.#malformed();
    this.#fault(peer.sensorId, 0, 1);
  }

  async run(signal: AbortSignal): Promise<void> {
    const commit = this.#commit.run(signal);
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SAVE_MS, signal);
      await this.#save();
    }
    await commit;
    await this.#save();
  }

  #advance(lane: Lane, batch: EventsBatchEnvelope, events: readonly StoredEvent[]): void {
    lane.queuedSeq = Math.max(lane.queuedSeq, batch.last_seq);
    const last = events.at(-1);
    if (last) lane.lastObservedUs = last.event.observed_at_us;
    if (!lane.present) return;
    for (const seq of lane.present) if (seq <= lane.queuedSeq) lane.present.delete(seq);
    if (lane.present.size === 0) lane.present = undefined;
  }

  #durable({ lane, events }: Commit): void {
    if (!lane.stale) this.#lanes.advanced(lane);
    if (events.length === 0) return;
    this.#taken(events.length, { outcome: "stored" });
    this.#deps.hub.offer(lane.tenantId, events);
  }

  #fault(sensorId: string, rejected: number, malformed: number): void {
    const old = this.#faults.get(sensorId);
    this.#faults.set(sensorId, {
      rejected: (old?.rejected ?? 0) + rejected,
      malformed: (old?.malformed ?? 0) + malformed,
    });
  }

  /** Cursors and counters are written together once a second. Losing the last second costs a look into the event store, nothing else. */
  async #save(): Promise<void> {
    const cursors = this.#lanes.takeDirty();
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
