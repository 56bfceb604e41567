import { expect, test } from "bun:test";
import { EVENT_KINDS } from "../../core/event/kinds.ts";
import { explainFilter } from "./query-explain.ts";
import { parseQueryText } from "./query-text.ts";

const explain = (text: string): string => explainFilter(parseQueryText(text).filter);

test("a search is said in words", () => {
  expect(explain("")).toBe("Every event.");
  expect(explain("severity:critical,high node:db-1,db-2")).toBe("Events that are high or critical, on db-1 or db-2.");
  expect(explain("curl evil")).toBe(
    "Events with all of “curl”, “evil” in message, program, arguments, path, address or name.",
  );
});
test("what is excluded is said as such", () => {
  expect(explain(`-kind:${EVENT_KINDS[0]}`)).toStartWith("Events of every kind but “");
  expect(explainFilter({ kind: [] })).toBe("No event: every kind is excluded.");
});
