import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { SensorPeer } from "../http/env.ts";
import type { LossRow } from "../ingest/store.ts";
import { findStored } from "../ingest/store-ranges.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { free } from "./gaps.ts";
import { findEdges, findRestore, type RestoreMark } from "./store-restored.ts";

/** A restore is made while no Console runs on the stores; another one may still have them open. */
const LOOK_MS = 60_000;
/** The ledger goes back so far. */
const KEPT_MS = 90 * 86_400_000;
/** No sensor has given so many numbers. */
const MAX_BEHIND = 2 ** 40;

/** A sequence as its sensor tells of it in a hello. */
export interface HandedOver {
  readonly epoch: string;
  /** Up to here it was acknowledged, and the sensor has let go. */
  readonly acked_seq?: number;
  /** Up to here it was so under another name, or by another Console. */
  readonly base_seq?: number;
}

export interface RestoredDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  /** Highest number of a sequence the Console knows to be durable. */
  readonly cursor: (peer: SensorPeer, epoch: string) => Promise<number>;
  readonly onLoss: (rows: readonly LossRow[]) => void;
}

/** Finds what a Console that was restored from a backup had acknowledged before and does not have any more. */
export class Restored {
  readonly #deps: RestoredDeps;
  #mark: Promise<RestoreMark | undefined> = Promise.resolve(undefined);
  #lookedMs = -Infinity;

  constructor(deps: RestoredDeps) {
    this.#deps = deps;
  }

  /**
   * Compares what a sensor has let go of with what is here, before anything more is taken from it: afterwards nobody could tell. What is
   * missing goes to the ledger, where each number counts once. Rejects when a store does not answer.
   */
  async compare(peer: SensorPeer, sequences: readonly HandedOver[]): Promise<void> {
    const mark = await this.#restore();
    if (!mark) return;
    const { tenantId, sensorId } = peer;
    const { events, cursor, log, onLoss } = this.#deps;
    const known = await Promise.all(
      sequences.map(async ({ epoch, acked_seq: acked = 0, base_seq: base = 0 }) => ({
        tenantId,
        sensorId,
        epoch,
        acked,
        cursor: acked > base ? Math.max(base, await cursor(peer, epoch)) : acked,
      })),
    );
    const behind = known.filter((k) => k.acked > k.cursor && k.acked - k.cursor <= MAX_BEHIND);
    if (behind.length === 0) return;
    const stored = await findStored(events, behind);
    const rows: LossRow[] = [];
    for (const [i, { epoch, acked, cursor: seq }] of behind.entries())
      rows.push(
        ...(await this.#rowsOf(peer, mark, epoch, free(seq + 1, acked, stored[i]?.between(seq + 1, acked) ?? []))),
      );
    if (rows.length === 0) return;
    await events.insert("event_losses", rows);
    onLoss(rows);
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    log.warn("a sensor had handed over events that the restored backup does not have", { sensor_id: sensorId, count });
  }

  /** Asked for once a minute, however many sensors come at once; undefined also when it is so long ago that no ledger goes back to it. */
  async #restore(): Promise<RestoreMark | undefined> {
    const { clock, db } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs;
      this.#mark = findRestore(db);
      this.#mark.catch(() => (this.#lookedMs = -Infinity));
    }
    const mark = await this.#mark;
    return mark && clock.nowMs() - mark.restoredMs < KEPT_MS ? mark : undefined;
  }

  async #rowsOf(
    { tenantId, sensorId, nodeName }: SensorPeer,
    mark: RestoreMark,
    epoch: string,
    ranges: readonly (readonly [number, number])[],
  ): Promise<LossRow[]> {
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (!first || !last) return [];
    const stretch = { sensorId, epoch, from: first[0], to: last[1] };
    const { beforeUs, behindUs } = await findEdges(this.#deps.events, tenantId, stretch);
    const from = beforeUs || mark.backupMs * 1000;
    const to = Math.max(from, behindUs || mark.restoredMs * 1000);
    return ranges.map(([fromSeq, toSeq]) => ({
      tenant_id: tenantId,
      sensor_id: sensorId,
      node_name: nodeName,
      stage: "store",
      cause: "restored_without",
      count: toSeq - fromSeq + 1,
      unknown: 0,
      source: "range",
      epoch,
      from_seq: fromSeq,
      to_seq: toSeq,
      from_at: from,
      to_at: to,
      recorded_at: this.#deps.clock.nowMs(),
    }));
  }
}
