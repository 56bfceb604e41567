import { findCause } from "../../core/event/loss-causes.ts";
import type { LossSection } from "../../core/event/sections.ts";
import type { EventsBatchEnvelope } from "../../core/wire/events.ts";
import { countOf, toldOf, type Gap } from "../losses/gaps.ts";
import { MAX_AHEAD_US } from "./check-batch.ts";
import type { Lane } from "./lanes.ts";
import type { LossRow } from "./store.ts";
import { isUnset } from "./unset-clock.ts";

/** A day less than the ledger keeps: a row as old as that would be gone as soon as it came. */
const KEPT_US = 89 * 86_400_000_000;

/** No node has lost so many at once: a sensor that says more would make every sum over its organisation meaningless. */
const MAX_COUNT = 2 ** 40;

/** A loss as an event tells of it, if the event is of that kind and sound. Of a clock that nobody has set, it is of the time of receipt. */
function lossOf(value: unknown, nowUs: number): (LossSection & { seq: number }) | undefined {
  const event = value as { seq?: unknown; observed_at_us?: unknown; loss?: LossSection } | null;
  const loss = event?.loss;
  if (!loss || !isCount(event.seq) || typeof loss.cause !== "string") return undefined;
  // The schema has no greatest number for them.
  const { cause, count, from_us, to_us } = loss;
  if (![count, from_us, to_us].every((n) => Number.isInteger(n) && n >= 0)) return undefined;
  const times = isUnset(Number(event.observed_at_us)) ? { from_us: nowUs, to_us: nowUs } : { from_us, to_us };
  return { cause, count: Math.min(count, MAX_COUNT), ...times, seq: event.seq };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Numbers and times of the events of a batch that have both, in order; times no event may have say nothing. */
function timesOf(batch: EventsBatchEnvelope, nowUs: number): { seq: number; us: number }[] {
  const times: { seq: number; us: number }[] = [];
  for (const value of batch.events) {
    const event = value as { seq?: unknown; observed_at_us?: unknown } | null;
    const us = event?.observed_at_us;
    if (!isCount(event?.seq) || !isCount(us) || us < nowUs - KEPT_US || us > nowUs + MAX_AHEAD_US) continue;
    if (event.seq > (times.at(-1)?.seq ?? -1)) times.push({ seq: event.seq, us });
  }
  return times;
}

/**
 * Rows of the loss ledger a batch gives: what the kernel's own events tell, with their times; and what is missing from the
 * batch, between the events before and behind it. Each has a key of its own, so that a second delivery counts nothing twice.
 */
export function lossesOf(
  lane: Lane,
  nodeName: string,
  batch: EventsBatchEnvelope,
  gaps: readonly Gap[],
  nowMs: number,
): LossRow[] {
  const nowUs = nowMs * 1000;
  // A sensor's times are its own: kept inside what the ledger keeps, so that no sensor can scatter it over countless months.
  const within = (us: number): number => Math.max(nowUs - KEPT_US, Math.min(us, nowUs));
  const rows: LossRow[] = [];
  const add = (
    row: Pick<LossRow, "stage" | "cause" | "count" | "unknown" | "source" | "from_seq" | "to_seq">,
    from: number,
    to: number,
  ) =>
    void rows.push({
      tenant_id: lane.tenantId,
      sensor_id: lane.sensorId,
      node_name: nodeName,
      epoch: lane.epoch,
      from_at: within(from),
      to_at: Math.max(within(from), within(to)),
      recorded_at: nowMs,
      ...row,
      // A sensor's word: half a character is no JSON to the store, which would refuse the rows of everybody with it.
      cause: row.cause.toWellFormed(),
    });
  for (const value of batch.events) {
    const loss = lossOf(value, nowUs);
    if (!loss || loss.seq <= lane.queuedSeq) continue;
    const { cause, count, seq } = loss;
    const stage = findCause(cause)?.stage ?? "kernel";
    // A sensor that does not know how much went says none.
    const unknown = count === 0 ? 1 : 0;
    add({ stage, cause, count, unknown, source: "event", from_seq: seq, to_seq: seq }, loss.from_us, loss.to_us);
  }
  if (gaps.length === 0) return rows;
  const times = timesOf(batch, nowUs);
  let next = 0;
  for (const gap of toldOf(gaps)) {
    while (next < times.length && times[next]!.seq <= gap.toSeq) next++;
    // Refused ones inside the gap may have a time too.
    let last = next - 1;
    while (last >= 0 && times[last]!.seq >= gap.fromSeq) last--;
    const before = times[last]?.us ?? (lane.lastObservedUs || undefined);
    const behind = times[next]?.us;
    // What comes behind may be on its way still: until then it ended by now at the latest.
    const ends = [before ?? behind ?? nowUs, behind ?? nowUs];
    add(
      {
        stage: gap.stage,
        cause: gap.cause,
        count: countOf(gap),
        unknown: 0,
        source: "range",
        from_seq: gap.fromSeq,
        to_seq: gap.toSeq,
      },
      Math.min(...ends),
      Math.max(...ends),
    );
  }
  return rows;
}

/** The row of an event that the event store itself refused. */
export function refusedLoss(
  row: { tenant_id: string; sensor_id: string; node_name: string; epoch: string; seq: number; observed_at: number },
  nowMs: number,
): LossRow {
  const at = Math.max(nowMs * 1000 - KEPT_US, Math.min(row.observed_at, nowMs * 1000));
  return {
    tenant_id: row.tenant_id,
    sensor_id: row.sensor_id,
    node_name: row.node_name,
    stage: "store",
    cause: "row_refused",
    count: 1,
    unknown: 0,
    source: "range",
    epoch: row.epoch,
    from_seq: row.seq,
    to_seq: row.seq,
    from_at: at,
    to_at: at,
    recorded_at: nowMs,
  };
}
