import { toRuntimeEventRow, type RuntimeEventRow, type StoredEvent } from "../stores/runtime-event-row.ts";

// How JSON writes halves of surrogate pairs: no UTF-8 says them, and the event store takes no row that holds one.
const HALF_PAIR = /\\ud[89a-f]/i;

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key.toWellFormed(), wellFormed(part)]));
}

/** The row of an event, with every text in it sound UTF-8 whatever the sensor sent. */
export function soundRow(stored: StoredEvent): RuntimeEventRow {
  const row = toRuntimeEventRow(stored);
  if (!HALF_PAIR.test(row.event) && row.raw.isWellFormed()) return row;
  return toRuntimeEventRow({ ...stored, event: wellFormed(stored.event) as StoredEvent["event"] });
}
