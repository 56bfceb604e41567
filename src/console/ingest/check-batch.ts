import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { RuntimeEvent } from "../../core/event/event.ts";
import type { RejectedEvent } from "../../core/wire/common.ts";
import { EventsBatchEnvelope } from "../../core/wire/events.ts";
import { gapsOf, type Gap } from "../losses/gaps.ts";
import type { SeqRanges } from "./seq-ranges.ts";
import { isUnset, withReceiptTime } from "./unset-clock.ts";

const envelope = compile(EventsBatchEnvelope);
const checker = compile(RuntimeEvent);

const DAY_US = 86_400_000_000;
/** Events older than the store keeps them would be gone as soon as they came. */
export const MAX_AGE_US = 90 * DAY_US;
/** A node whose clock is a day ahead is told so on its page; its events are kept. */
export const MAX_AHEAD_US = 2 * DAY_US;
const MAX_SPAN = 1_000_000_000;

export interface CheckedBatch {
  /** In order, each once, none at or below the cursor. */
  readonly events: RuntimeEvent[];
  readonly rejected: RejectedEvent[];
  readonly gaps: Gap[];
  /** Already had. */
  readonly duplicates: number;
}

/** A batch that came without a stream, with what its sensor says of the sequence. */
type PostedBatch = EventsBatchEnvelope & { readonly handed?: { readonly acked: number; readonly base: number } };

/** Reads the envelope of a batch that came without a stream; throws AppError `invalid_request` with the pointer, below `at`. */
export function readEnvelope(body: unknown, at = ""): PostedBatch {
  const fault = envelope.fault(body);
  if (fault) throw denied(at, fault.pointer, fault.reason);
  const batch = checkRanges(body as EventsBatchEnvelope, at);
  const { base_seq: base } = batch;
  return base === undefined ? batch : { ...batch, handed: { acked: base, base } };
}

function denied(at: string, pointer: string, reason: string): AppError {
  return new AppError("invalid_request", `${at}${pointer}: ${reason}`, { pointer: `${at}${pointer}` });
}

/** What the schema of an envelope cannot say; throws as `readEnvelope` does. Gives the envelope back. */
export function checkRanges(batch: EventsBatchEnvelope, at: string): EventsBatchEnvelope {
  if (batch.last_seq < batch.first_seq || batch.last_seq - batch.first_seq > MAX_SPAN)
    throw denied(at, "/last_seq", "is not a little above first_seq");
  if (!batch.missing) return batch;
  for (const [i, range] of batch.missing.entries())
    if (range.to_seq < range.from_seq || range.from_seq < batch.first_seq || range.to_seq > batch.last_seq)
      throw denied(at, `/missing/${i}`, "is not a range inside the batch");
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
): { pointer: string; reason: string; cause: string } | undefined {
  if (!checker.is(value)) {
    const fault = checker.fault(value);
    return fault && { ...fault, cause: "schema" };
  }
  if (value.seq < batch.first_seq || value.seq > batch.last_seq)
    return { pointer: "/seq", reason: "is outside the batch's first_seq and last_seq", cause: "order" };
  if (value.seq <= previousSeq) return { pointer: "/seq", reason: "is not above the one before", cause: "order" };
  if (value.observed_at_us < nowUs - MAX_AGE_US && !isUnset(value.observed_at_us))
    return { pointer: "/observed_at_us", reason: "is more than 90 days ago", cause: "too_old" };
  // The schema leaves it open; its column does not, and a row that does not fit costs every sensor time.
  if ((value.process?.ns?.net ?? 0) > Number.MAX_SAFE_INTEGER)
    return { pointer: "/process/ns/net", reason: "is no inode number", cause: "schema" };
  if (value.observed_at_us > nowUs + MAX_AHEAD_US)
    return {
      pointer: "/observed_at_us",
      reason: "is more than two days ahead of the Console's clock",
      cause: "too_far_ahead",
    };
  return undefined;
}

/**
 * Sorts a batch into what is new, what was had already and what does not fit. One bad event costs itself only. Events of a clock that
 * nobody has set are given the time of receipt.
 * `cursor` is the highest sequence taken so far; `present` are sequences above it that are stored already; up to `base` they were
 * handed over elsewhere.
 */
export function checkBatch(
  batch: EventsBatchEnvelope,
  cursor: number,
  present: SeqRanges | undefined,
  nowMs: number,
  base = 0,
): CheckedBatch {
  const nowUs = nowMs * 1000;
  const events: RuntimeEvent[] = [];
  const rejected: RejectedEvent[] = [];
  const taken: number[] = [];
  const causes: { seq: number; cause: string }[] = [];
  let duplicates = 0;
  let previousSeq = -1;
  for (const [i, value] of batch.events.entries()) {
    const fault = faultOf(value, previousSeq, batch, nowUs);
    if (fault) {
      const seq = seqOf(value) ?? batch.first_seq + i;
      const { cause, ...said } = fault;
      causes.push({ seq, cause });
      rejected.push({ seq, ...said });
      continue;
    }
    const event = value as RuntimeEvent;
    previousSeq = event.seq;
    taken.push(event.seq);
    if (event.seq <= cursor || present?.has(event.seq)) duplicates++;
    else events.push(isUnset(event.observed_at_us) ? withReceiptTime(event, nowUs) : event);
  }
  const { first_seq: first, last_seq: last, missing = [] } = batch;
  const gaps = gapsOf({ first, last, cursor, base, present, taken, rejected: causes, missing });
  return { events, rejected, gaps, duplicates };
}
