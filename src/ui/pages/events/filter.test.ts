import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EventRow } from "../../../core/api/events.ts";
import { EVENT_KINDS } from "../../../core/event/kinds.ts";
import { shortMessage } from "./columns.tsx";
import { eventsHref, excludeKind, filterParams, filterTokens, mergeFilter, mergeRows, parseFilter } from "./filter.ts";

describe("filter and URL", () => {
  test("a filter survives being written and read again", () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
    const list = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
    const text = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).filter((t) => t.isWellFormed());
    const filter = fc.record(
      {
        kind: list,
        severity: list,
        sensor_id: list,
        node_name: list,
        q: text,
        process_executable: text,
        exec_id: text,
        container_id: text,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(filter, (given) => {
        const url = new URL(eventsHref(given), "https://x");
        expect(parseFilter(url.searchParams)).toEqual(given);
      }),
    );
  });
  test("nothing said is nothing filtered", () => {
    expect(Object.values(filterParams({})).every((value) => value === null)).toBe(true);
  });
});

describe("merging filters", () => {
  test("joins lists and adds up words", () => {
    expect(mergeFilter({ kind: ["setuid"], q: "curl" }, { kind: ["file_write"], q: "tmp" })).toEqual({
      kind: ["setuid", "file_write"],
      q: "curl tmp",
    });
  });
  test("an exclusion narrows, a kind after it replaces it", () => {
    const but = excludeKind({}, "process_exit").kind!;
    expect(mergeFilter({ kind: ["process_exec", "process_exit"] }, { kind: but }).kind).toEqual(["process_exec"]);
    expect(mergeFilter({ kind: but }, { kind: ["setuid"] }).kind).toEqual(["setuid"]);
  });
});

test("all kinds but one read as an exclusion", () => {
  const [token] = filterTokens(excludeKind({}, "process_exit"));
  expect(token).toMatchObject({ field: "not", value: "Process ended" });
  expect(filterTokens({ kind: [EVENT_KINDS[0]!], q: "x" }).map((t) => t.without)).toEqual([
    { q: "x" },
    { kind: [EVENT_KINDS[0]!] },
  ]);
});

test("live rows come first, newest first, each once", () => {
  const row = (event_id: string, observed_at: string): EventRow => ({ event_id, observed_at }) as EventRow;
  const old = [row("b", "2026-01-01T00:00:02Z"), row("a", "2026-01-01T00:00:01Z")];
  const fresh = [
    row("c", "2026-01-01T00:00:03Z"),
    row("b", "2026-01-01T00:00:02Z"),
    row("d", "2026-01-01T00:00:04Z"),
    row("c", "2026-01-01T00:00:03Z"),
  ];
  expect(mergeRows(fresh, old).map((r) => r.event_id)).toEqual(["d", "c", "b", "a"]);
});

test("a message in a list leaves out what has columns of its own", () => {
  expect(
    [
      "/usr/bin/true (pid 13729, uid 0) ended with code 0",
      "dash (pid 14475) started /usr/bin/bash -c id",
      "5 events were lost in the kernel (ring buffer full)",
    ].map(shortMessage),
  ).toEqual([
    "true ended with code 0",
    "dash started /usr/bin/bash -c id",
    "5 events were lost in the kernel (ring buffer full)",
  ]);
});
