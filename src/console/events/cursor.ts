import { AppError } from "../../core/error.ts";
import { isUuid } from "../../core/ids.ts";
import type { TimeRange } from "./filter.ts";

/** An event's place in the order newest first; the identity breaks ties. */
export interface EventKey {
  readonly atUs: number;
  readonly sensorId: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Where a search goes on: inside the range of its first page, below `key`, or below `untilUs` where no event stands at the edge. */
export interface Cursor {
  readonly range: TimeRange;
  readonly untilUs: number;
  readonly key: EventKey | undefined;
}

/** Opaque text of a cursor, at most 256 characters. */
export function formatCursor({ range, untilUs, key }: Cursor): string {
  const parts = [range.fromUs, range.toUs, untilUs, ...(key ? [key.atUs, key.sensorId, key.epoch, key.seq] : [])];
  return Buffer.from(parts.join("|")).toString("base64url");
}

/** Inverse of formatCursor; AppError `invalid_request` when the text is not one. */
export function parseCursor(text: string): Cursor {
  const parts = Buffer.from(text, "base64url").toString("latin1").split("|");
  const number = (i: number): number => {
    const part = parts[i] ?? "";
    return /^\d{1,16}$/.test(part) && Number.isSafeInteger(Number(part)) ? Number(part) : Number.NaN;
  };
  const [fromUs, toUs, untilUs] = [number(0), number(1), number(2)];
  const cursor = { range: { fromUs, toUs }, untilUs, key: undefined };
  if (fromUs < toUs && untilUs >= fromUs && untilUs <= toUs) {
    if (parts.length === 3) return cursor;
    const [, , , , sensorId = "", epoch = ""] = parts;
    const key = { atUs: number(3), sensorId, epoch, seq: number(6) };
    const fits = parts.length === 7 && isUuid(sensorId) && /^[0-9a-f]{16}$/.test(epoch);
    if (fits && key.atUs >= fromUs && key.atUs < toUs && key.seq >= 0) return { ...cursor, key };
  }
  throw new AppError("invalid_request", "/cursor: is not a cursor of this search", {
    pointer: "/cursor",
    hint: "Start the search again without it.",
  });
}
