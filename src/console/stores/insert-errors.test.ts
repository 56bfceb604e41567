import { ClickHouseError } from "@clickhouse/client";
import { expect, test } from "bun:test";
import { toInsertError } from "./insert-errors.ts";

const said = (code: string, message = "something", type = "TYPE"): object => {
  const {
    code: own,
    message: text,
    hint,
  } = toInsertError(new ClickHouseError({ message, code, type }), "runtime_events");
  return { code: own, text, hint };
};
const text = (part: string) => expect.stringContaining(part) as string;

test("what an operator can do something about is named, with what to do", () => {
  const full = { code: "unavailable", text: text("disk of the event store is full"), hint: text("Free space") };
  expect(said("243", "Cannot reserve 3.97 MiB, not enough space.")).toMatchObject(full);
  expect(said("75", "Cannot write, errno: 28, strerror: No space left on device")).toMatchObject(full);
  expect(said("75", "Cannot write, errno: 122, strerror: Disk quota exceeded")).toMatchObject(full);
  expect(said("164")).toMatchObject({ code: "unavailable", text: text("does not let"), hint: text("INSERT") });
  expect(said("60")).toMatchObject({ code: "unavailable", text: text("lost the table"), hint: text("backup") });
  expect(said("252")).toMatchObject({ code: "unavailable", text: text("parts") });
  // A disk that fails, and one that was mounted anew for reading only: rows wait, and nobody calls them bad.
  for (const words of [
    "errno: 5, strerror: Input/output error",
    "errno: 30, strerror: Read-only file system",
    "errno: 27, strerror: File too large",
  ])
    expect(said("75", words)).toMatchObject({ code: "unavailable", text: text(words) });
  expect(said("999", "odd")).toEqual({ code: "unavailable", text: "the event database failed: odd", hint: undefined });
});

test("rows that can never fit are invalid; whatever else goes wrong is the store's", () => {
  expect(said("27")).toMatchObject({ code: "invalid_request" });
  expect(toInsertError(new RangeError("-1 does not fit its column"), "t")).toMatchObject({ code: "invalid_request" });
  expect(toInsertError(new TypeError("fetch failed"), "t")).toMatchObject({ code: "unavailable" });
});
