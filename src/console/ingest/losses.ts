import type { LossSection } from "../../core/event/sections.ts";
import type { EventsBatchEnvelope } from "../../core/wire/events.ts";
import type { Gap } from "./check-batch.ts";
import type { Lane } from "./lanes.ts";
import type { LossRow } from "./store.ts";

const KEPT_US = 90 * 86_400_000_000;

/** A loss as an event tells of it, if the event is of that kind and sound. */
function lossOf(value: unknown): (LossSection & { seq: number }) | undefined {
  const event = value as { seq?: unknown; loss?: LossSection } | null;
  const loss = event?.loss;
  if (!loss || typeof event.seq !== "number" || typeof loss.cause !== "string") return undefined;
  const numbers = [loss.count, loss.from_us, loss.to_us];
  return numbers.every((n) => Number.isSafeInteger(n) && n >= 0) ? { ...loss, seq: event.seq } : undefined;
}

/**
 * Rows of the loss ledger a batch gives: what the kernel's own events tell, with their times; and what is missing from the
 * batch, between the last event had and the first one in it.
 */
export function lossesOf(
  lane: Lane,
  nodeName: string,
  batch: EventsBatchEnvelope,
  gaps: readonly Gap[],
  nowMs: number,
): LossRow[] {
  const { tenantId, sensorId } = lane;
  const nowUs = nowMs * 1000;
  // A sensor's times are its own: kept inside what the ledger keeps, so that no sensor can scatter it over countless months.
  const within = (us: number): number => Math.max(nowUs - KEPT_US, Math.min(us, nowUs));
  const row = (stage: string, cause: string, count: number, fromUs: number, toUs: number): LossRow => ({
    tenant_id: tenantId,
    sensor_id: sensorId,
    node_name: nodeName,
    stage,
    cause,
    count,
    from_at: within(fromUs),
    to_at: Math.max(within(fromUs), within(toUs)),
    recorded_at: nowMs,
  });
  const rows: LossRow[] = [];
  for (const value of batch.events) {
    const loss = lossOf(value);
    if (loss && loss.seq > lane.queuedSeq) rows.push(row("kernel", loss.cause, loss.count, loss.from_us, loss.to_us));
  }
  if (gaps.length === 0) return rows;
  const first = batch.events[0] as { observed_at_us?: unknown } | null | undefined;
  const firstUs = Number.isSafeInteger(first?.observed_at_us) ? (first!.observed_at_us as number) : nowUs;
  const lastUs = lane.lastObservedUs || firstUs;
  for (const { stage, cause, count } of gaps)
    rows.push(row(stage, cause, count, Math.min(lastUs, firstUs), Math.max(lastUs, firstUs)));
  return rows;
}
