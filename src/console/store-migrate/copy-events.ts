import type { ClickHouseClient } from "@clickhouse/client";
import { AppError } from "../../core/error.ts";
import type { Check, Report } from "./report.ts";
import {
  clearDay,
  countEvents,
  dropEventMarker,
  dropStaging,
  findEventMarker,
  fingerprintEvents,
  listEventTables,
  listPartitions,
  openStaging,
  publish,
  readEvents,
  setEventMarker,
  startExpiry,
  stopExpiry,
  writeEvents,
  type EventTable,
} from "./store-events.ts";
import type { Fingerprint } from "./store-state.ts";

/** What would end by its age within this time is left behind: it must not end between two counts. */
const MARGIN_SECS = 6 * 3600;

/** Both ends of a copy of the events, migrated to the same schema; neither is used by a Console. */
export interface EventEnds {
  readonly source: ClickHouseClient;
  readonly target: ClickHouseClient;
  readonly sourceName: string;
  readonly nowMs: number;
}

type Days = ReadonlyMap<string, Fingerprint>;

function same(a: Fingerprint | undefined, b: Fingerprint | undefined): boolean {
  return (a?.rows ?? 0) === (b?.rows ?? 0) && (a?.hash ?? "0") === (b?.hash ?? "0");
}

function allSame(want: Days, have: Days): boolean {
  return [...new Set([...want.keys(), ...have.keys()])].every((day) => same(want.get(day), have.get(day)));
}

const rowsIn = (days: Days): number => [...days.values()].reduce((sum, day) => sum + day.rows, 0);
const edge = (ends: EventEnds): number => Math.floor(ends.nowMs / 1000) + MARGIN_SECS;

/** The target has events, and nothing says that a copy into it is under way. */
export const areEventsEnded = async ({ source, target }: EventEnds): Promise<boolean> =>
  (await findEventMarker(target)) === undefined && (await countEvents(target, await listEventTables(source))) > 0;

async function begin({ target, sourceName }: EventEnds, tables: readonly EventTable[]): Promise<void> {
  const marker = await findEventMarker(target);
  if (marker === sourceName) return;
  if (marker !== undefined)
    throw new AppError(
      "conflict",
      `the ClickHouse database holds an unfinished copy of another installation (${marker})`,
      {
        hint: "Finish that one, or use an empty database.",
      },
    );
  if ((await countEvents(target, tables)) > 0)
    throw new AppError("conflict", "the ClickHouse database already holds events", {
      hint: "Use an empty database. To compare the two instead, add --verify-only.",
    });
  await setEventMarker(target, sourceName);
}

/**
 * Gathers a partition day by day in a table beside, then puts it in its place at once. A day that was cut off half-way is taken out
 * and copied again; so nothing is ever in the target's own tables twice, whenever the copy was killed.
 */
async function copyPartition(ends: EventEnds, table: EventTable, partitionId: string, report: Report): Promise<void> {
  const { source, target } = ends;
  const slice = { table, partitionId, endsAfterSecs: edge(ends) };
  const want = await fingerprintEvents(source, slice);
  const step = { store: "clickhouse", table: table.name, partition: partitionId } as const;
  if (allSame(want, await fingerprintEvents(target, slice)))
    return report.progress({ ...step, rows: rowsIn(want), copied: false });
  const staging = await openStaging(target, table);
  const have = await fingerprintEvents(target, slice, staging);
  for (const [day, expected] of want) {
    const there = have.get(day);
    const copied = !same(expected, there);
    if (copied) {
      if (there) await clearDay(target, staging, { ...slice, day });
      for await (const lines of readEvents(source, { ...slice, day }))
        await writeEvents(target, staging, table.columns, lines);
    }
    await report.progress({ ...step, ...(day === "" ? {} : { day }), rows: expected.rows, copied });
  }
  if (!allSame(want, await fingerprintEvents(target, slice, staging)))
    throw new AppError("internal", `partition ${partitionId} of ${table.name} did not arrive as it was sent`, {
      hint: "It is not in the target. Run the command again: what differs is copied again.",
    });
  await publish(target, table.name, staging, partitionId);
}

/** Copies all events and what belongs to them. Tables that the target lacks are an error: migrate it first. */
export async function copyEvents(ends: EventEnds, report: Report): Promise<void> {
  const { source, target } = ends;
  const tables = await listEventTables(source);
  await begin(ends, tables);
  for (const table of tables) {
    for (const client of [source, target]) await stopExpiry(client, table.name);
    try {
      for (const partitionId of await listPartitions(source, table.name))
        await copyPartition(ends, table, partitionId, report);
    } finally {
      for (const client of [source, target]) await startExpiry(client, table.name);
    }
    await dropStaging(target, table.name);
  }
}

/** Compares every partition by the count and hash of each of its days. */
export async function verifyEvents(ends: EventEnds): Promise<Check[]> {
  const { source, target } = ends;
  const checks: Check[] = [];
  for (const table of await listEventTables(source)) {
    const partitions = new Set([
      ...(await listPartitions(source, table.name)),
      ...(await listPartitions(target, table.name)),
    ]);
    for (const partitionId of [...partitions].toSorted()) {
      const slice = { table, partitionId, endsAfterSecs: edge(ends) };
      const [want, have] = [await fingerprintEvents(source, slice), await fingerprintEvents(target, slice)];
      const counts = { source_rows: rowsIn(want), target_rows: rowsIn(have) };
      checks.push({
        store: "clickhouse",
        table: table.name,
        partition: partitionId,
        ok: allSame(want, have),
        ...counts,
      });
    }
  }
  return checks;
}

/** Takes the note of the copy away: from now on the target is an installation. */
export const endEvents = ({ target }: EventEnds): Promise<void> => dropEventMarker(target);
