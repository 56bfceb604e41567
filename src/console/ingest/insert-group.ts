import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { EventDb } from "../stores/contract.ts";
import type { Entry } from "./commit.ts";
import { insertRows } from "./insert-rows.ts";
import { refusedLoss } from "./losses.ts";
import { unstoredOf } from "./unstored.ts";

/** Rows of the loss ledger in one insert. */
const LOSSES_AT_ONCE = 10_000;

export interface InsertDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes a group durable: its events, then its rows of the loss ledger. What the store refuses of an event is noted in its batch, and in
 * the ledger. Rejects when the store takes nothing; the group may be given again then.
 */
export async function insertGroup({ events, clock, log }: InsertDeps, group: readonly Entry[]): Promise<void> {
  // What comes as the table is ordered need not be sorted by the engine.
  const ordered = group.length === 1 ? group : group.toSorted((a, b) => (a.lane.order < b.lane.order ? -1 : 1));
  const parts = await unstoredOf(events, ordered);
  const refused = await insertRows(events, parts, (row, message) =>
    log.error("the event store refused an event", { sensor_id: row.sensor_id, error: message }),
  );
  const given = ordered.flatMap((entry, i) =>
    (refused.get(parts[i]!) ?? []).map((row) => ({ entry, seq: row.seq, loss: refusedLoss(row, clock.nowMs()) })),
  );
  const losses = [...group.flatMap((entry) => entry.losses), ...given.map(({ loss }) => loss)];
  for (let at = 0; at < losses.length; at += LOSSES_AT_ONCE)
    await events.insert("event_losses", losses.slice(at, at + LOSSES_AT_ONCE));
  for (const { entry, seq, loss } of given) {
    entry.losses.push(loss);
    entry.refused.push({ seq, pointer: "/", reason: "the event store refused it" });
  }
}
