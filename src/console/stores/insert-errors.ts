import { ClickHouseError } from "@clickhouse/client";
import { AppError } from "../../core/error.ts";

/** Codes of ClickHouse for rows that do not fit their table; the same rows would fail again. */
const BAD_ROWS = new Set("6 26 27 32 33 38 41 53 69 70 72 117 131 349 376 691".split(" "));

interface Fault {
  readonly problem: string;
  readonly hint: string;
}

const FULL: Fault = {
  problem: "the disk of the event store is full, or its quota is used up",
  hint: "Free space on it, or keep events for fewer days (Settings). Events wait with the sensors; they come by themselves.",
};
const REFUSED: Fault = {
  problem: "ClickHouse does not let the Console insert",
  hint: "Give its user INSERT on the database again, and readonly = 0 in its settings profile.",
};

/** What an operator has to do something about, by ClickHouse's code. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "243": FULL,
  "164": REFUSED,
  "497": REFUSED,
  "60": {
    problem: "ClickHouse has lost the table",
    hint: "Bring it back from a backup of ClickHouse; /readyz names what is missing and how to go on with an empty one.",
  },
  "242": {
    problem: "the table is read-only in ClickHouse",
    hint: "Look at ClickHouse's own log: a replicated table is read-only while its Keeper is away.",
  },
  "252": {
    problem: "ClickHouse has too many parts that it has not merged yet",
    hint: "Its disk or processors do not keep up. Give it time, or more of them; events wait with the sensors.",
  },
  "241": {
    problem: "ClickHouse has no memory for inserts",
    hint: "Give its server more memory, or ask it for less at once; events wait with the sensors.",
  },
};

/** Why an insert failed: `invalid_request` when its rows can never fit, `unavailable` with what to do when others may follow. */
export function toInsertError(error: unknown, table: string): AppError {
  const options = { cause: error, retryAfterSecs: 2 };
  if (error instanceof RangeError)
    return new AppError("invalid_request", `rows do not fit ${table}: ${error.message}`, { cause: error });
  if (!(error instanceof ClickHouseError))
    return new AppError("unavailable", "the event database does not answer", options);
  const said = error.message.slice(0, 300);
  if (BAD_ROWS.has(error.code))
    return new AppError("invalid_request", `rows do not fit ${table}: ${said}`, { cause: error });
  const fault = /No space left on device|Disk quota exceeded/.test(error.message) ? FULL : FAULTS[error.code];
  if (!fault) return new AppError("unavailable", `the event database failed: ${said}`, options);
  return new AppError("unavailable", `${fault.problem} (${table}): ${said}`, { ...options, hint: fault.hint });
}
