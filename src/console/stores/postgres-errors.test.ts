import { expect, test } from "bun:test";
import { isPostgresUnavailable, toStoreError } from "./postgres-errors.ts";

const said = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const extend = (words: string): string => `could not extend file "base/16384/16397": ${words}`;

test("a disk that refuses is the store's fault, by whatever state PostgreSQL tells it", () => {
  const refusals = [
    said("53100", extend("No space left on device")),
    said("XX000", extend("Disk quota exceeded")),
    said("XX000", extend("File too large")),
    said("42501", 'could not open file "base/16384/16397": Read-only file system'),
    said("58030", extend("Input/output error")),
  ];
  for (const refusal of refusals) {
    expect([refusal.message, isPostgresUnavailable(refusal)]).toEqual([refusal.message, true]);
    expect(toStoreError(refusal)).toMatchObject({
      code: "unavailable",
      message: "the disk of the state database refuses writes",
      cause: refusal,
    });
  }
});

test("the same words in what somebody sent, or the same state for another reason, are no disk's", () => {
  const others = [
    said("22P02", 'invalid input syntax for type uuid: ": Disk quota exceeded"'),
    said("22P02", "invalid input: Disk quota exceeded"),
    said("XX000", "cache lookup failed for relation 1: Disk quota exceeded, they say"),
    said("42501", 'new row violates row-level security policy for table "sensors"'),
    said("42501", "permission denied for table sensors"),
    said("23505", "duplicate key value violates unique constraint"),
  ];
  for (const other of others) expect(toStoreError(other)).toBe(other);
});

test("a database that does not answer, and one that is read-only, are told apart", () => {
  const text = (code: string): unknown => (toStoreError(said(code, "x")) as Error).message;
  expect(text("57P01")).toBe("the state database does not answer");
  expect(text("ECONNREFUSED")).toBe("the state database does not answer");
  expect(text("25006")).toBe("the state database is read-only");
});
