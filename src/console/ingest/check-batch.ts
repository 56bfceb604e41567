import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { RuntimeEvent } from "../../core/event/event.ts";
import type { RejectedEvent } from "../../core/wire/common.ts";
import { EventsBatchEnvelope } from "../../core/wire/events.ts";

const envelope = compile(EventsBatchEnvelope);
const checker = compile(RuntimeEvent);

const DAY_US = 86_400_000_000;
/** Events older than the store keeps them would be gone as soon as they came. */
const MAX_AGE_US = 90 * DAY_US;
const MAX_AHEAD_US = DAY_US;
const MAX_SPAN = 1_000_000_000;

/** Something missing from a batch, for the loss ledger. */
export interface Gap {
  readonly stage: "sensor" | "uplink" | "console";
  readonly cause: string;
  readonly count: number;
}

export interface CheckedBatch {
  /** In order, each once, none at or below the cursor. */
  readonly events: RuntimeEvent[];
  readonly rejected: RejectedEvent[];
  readonly gaps: Gap[];
  /** Already had. */
  readonly duplicates: number;
}

/** Reads the envelope of a batch; throws AppError `invalid_request` with the pointer, below `at`. */
export function readEnvelope(body: unknown, at = ""): EventsBatchEnvelope {
  const fault = envelope.fault(body);
  const deny = (pointer: string, reason: string): AppError =>
    new AppError("invalid_request", `${at}${pointer}: ${reason}`, { pointer: `${at}${pointer}` });
  if (fault) throw deny(fault.pointer, fault.reason);
  const batch = body as EventsBatchEnvelope;
  if (batch.last_seq < batch.first_seq || batch.last_seq - batch.first_seq > MAX_SPAN)
    throw deny("/last_seq", "is not a little above first_seq");
  for (const [i, range] of (batch.missing ?? []).entries())
    if (range.to_seq < range.from_seq || range.from_seq < batch.first_seq || range.to_seq > batch.last_seq)
      throw deny(`/missing/${i}`, "is not a range inside the batch");
  return batch;
}

function seqOf(value: unknown): number | undefined {
  const seq = typeof value === "object" && value !== null ? (value as { seq?: unknown }).seq : undefined;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 ? (seq as number) : undefined;
}

function faultOf(
  value: unknown,
  previousSeq: number,
  batch: EventsBatchEnvelope,
  nowUs: number,
): { pointer: string; reason: string } | undefined {
  if (!checker.is(value)) return checker.fault(value);
  if (value.seq < batch.first_seq || value.seq > batch.last_seq)
    return { pointer: "/seq", reason: "is outside the batch's first_seq and last_seq" };
  if (value.seq <= previousSeq) return { pointer: "/seq", reason: "is not above the one before" };
  if (value.observed_at_us < nowUs - MAX_AGE_US)
    return { pointer: "/observed_at_us", reason: "is more than 90 days ago" };
  // The schema leaves it open; its column does not, and a row that does not fit costs every sensor time.
  if ((value.process?.ns?.net ?? 0) > Number.MAX_SAFE_INTEGER)
    return { pointer: "/process/ns/net", reason: "is no inode number" };
  if (value.observed_at_us > nowUs + MAX_AHEAD_US)
    return { pointer: "/observed_at_us", reason: "is more than a day ahead of the Console's clock" };
  return undefined;
}

/**
 * Sorts a batch into what is new, what was had already and what does not fit. One bad event costs itself only.
 * `cursor` is the highest sequence taken so far; `present` are sequences above it that are stored already.
 */
export function checkBatch(
  batch: EventsBatchEnvelope,
  cursor: number,
  present: ReadonlySet<number> | undefined,
  nowMs: number,
): CheckedBatch {
  const nowUs = nowMs * 1000;
  const events: RuntimeEvent[] = [];
  const rejected: RejectedEvent[] = [];
  let duplicates = 0;
  let previousSeq = -1;
  let fresh = 0;
  for (const [i, value] of batch.events.entries()) {
    const fault = faultOf(value, previousSeq, batch, nowUs);
    if (fault) {
      const seq = seqOf(value) ?? batch.first_seq + i;
      // A second delivery is refused the same way but counted once.
      if (seq > cursor) fresh++;
      rejected.push({ seq, ...fault });
      continue;
    }
    const event = value as RuntimeEvent;
    previousSeq = event.seq;
    if (event.seq <= cursor || present?.has(event.seq)) duplicates++;
    else events.push(event);
  }
  return { events, rejected, gaps: gapsOf(batch, cursor, fresh), duplicates };
}

/** What of the numbers above the cursor is not there, and who says why. */
function gapsOf(batch: EventsBatchEnvelope, cursor: number, rejected: number): Gap[] {
  const gaps: Gap[] = [];
  let declared = 0;
  for (const { from_seq, to_seq, cause } of batch.missing ?? []) {
    const count = to_seq - Math.max(from_seq, cursor + 1) + 1;
    if (count <= 0) continue;
    declared += count;
    gaps.push({ stage: "sensor", cause, count });
  }
  if (rejected > 0) gaps.push({ stage: "console", cause: "rejected", count: rejected });
  const first = Math.max(batch.first_seq, cursor + 1);
  let there = 0;
  for (const value of batch.events) {
    const seq = seqOf(value);
    if (seq === undefined || (seq >= first && seq <= batch.last_seq)) there++;
  }
  const unexplained = batch.last_seq - first + 1 - declared - there;
  if (unexplained > 0) gaps.push({ stage: "uplink", cause: "unexplained", count: unexplained });
  // The sensor goes on above where it was: numbers between were acknowledged once and are not here, or never sent.
  if (cursor > 0 && batch.first_seq > cursor + 1)
    gaps.push({ stage: "uplink", cause: "skipped", count: batch.first_seq - cursor - 1 });
  return gaps;
}
