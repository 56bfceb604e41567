import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EventFilter } from "../../core/api/events.ts";
import { AppError } from "../../core/error.ts";
import { EVENT_KINDS } from "../../core/event/kinds.ts";
import { formatCursor, parseCursor } from "./cursor.ts";
import { escapeLike, filterSql } from "./filter-sql.ts";
import { asciiLower, parseFilter, parseRange } from "./filter.ts";
import { filterOfUrl, searchOfUrl } from "./query.ts";

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0);
const SENSOR = "018f0000-0000-7000-8000-000000000001";

function fault(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parseFilter", () => {
  test.each([
    [{ kind: ["process_exec", "no_such"] }, "/kind"],
    [{ kind: ["__proto__"] }, "/kind"],
    [{ severity: ["mild"] }, "/severity"],
    [{ sensor_id: ["' OR 1"] }, "/sensor_id"],
    [{ sensor_id: [SENSOR.toUpperCase()] }, "/sensor_id"],
    [{ container_id: "ABC" }, "/container_id"],
    [{ q: "\ud800" }, "/q"],
    [{ node_name: ["\udc00"] }, "/node_name"],
    [{ q: Array.from({ length: 17 }, (_, i) => `w${i}`).join(" ") }, "/q"],
  ])("refuses %j and says where", (filter, pointer) => {
    const error = fault(() => parseFilter(filter as EventFilter));
    expect(error.code).toBe("invalid_request");
    expect(error.pointer).toBe(pointer);
  });

  test("no filter is no condition", () => expect(parseFilter({})).toEqual([]));

  test("words are lower-cased as the search column is, and each stands once", () => {
    expect(parseFilter({ q: "  CURL  Ärger curl " })).toEqual([
      { op: "word", value: "curl" },
      { op: "word", value: "Ärger" },
    ]);
  });

  test("a binary with a slash is a path, without one a file name", () => {
    expect(parseFilter({ process_executable: "/bin/sh" })[0]).toEqual({
      op: "in",
      column: "process_executable",
      values: ["/bin/sh"],
    });
    expect(parseFilter({ process_executable: "sh" })[0]).toEqual({ op: "file_name", value: "sh" });
  });
});

describe("parseRange", () => {
  const us = (text: string): number => Date.parse(text) * 1000;

  test("is the last hour when nothing is said", () => {
    expect(parseRange({}, NOW)).toEqual({ fromUs: us("2026-11-21T02:00:00Z"), toUs: NOW * 1000 });
  });

  test("counts since back from now", () => {
    expect(parseRange({ since: "7d" }, NOW).fromUs).toBe(us("2026-11-14T03:00:00Z"));
  });

  test("keeps microseconds and time zones", () => {
    expect(parseRange({ from: "2026-11-21T01:00:00.123456+01:00", to: "2026-11-21T00:00:01Z" }, NOW)).toEqual({
      fromUs: us("2026-11-21T00:00:00Z") + 123456,
      toUs: us("2026-11-21T00:00:01Z"),
    });
  });

  test.each([
    [{ since: "0m" }, "/since"],
    [{ since: "1h", to: "2026-11-21T00:00:00Z" }, "/since"],
    [{ from: "yesterday" }, "/from"],
    [{ from: "2026-02-31T00:00:00Z" }, "/from"],
    [{ from: "2026-11-21T03:00:00Z" }, "/from"],
    [{ to: "1960-01-01T00:00:00Z" }, "/to"],
    [{ to: "9999-01-01T00:00:00Z" }, "/to"],
  ])("refuses %j", (filter, pointer) => {
    expect(fault(() => parseRange(filter, NOW)).pointer).toBe(pointer);
  });
});

describe("filterSql", () => {
  const anything = fc.string({ unit: "binary", maxLength: 60 });
  const hostile = fc.oneof(
    anything,
    fc.constantFrom("' OR 1=1 --", "\\'; DROP TABLE x", "{tenant_id:UUID}", "%", "_", "\\", "*/", "`"),
  );
  const filters = fc.record(
    {
      kind: fc.array(fc.constantFrom(...EVENT_KINDS), { maxLength: 4 }),
      severity: fc.array(fc.constantFrom("info", "high"), { maxLength: 2 }),
      sensor_id: fc.constant([SENSOR]),
      node_name: fc.array(hostile, { maxLength: 3 }),
      q: hostile,
      process_executable: hostile,
      exec_id: hostile,
      container_id: fc.constantFrom("abc123", "0"),
    },
    { requiredKeys: [] },
  );
  const range = { fromUs: 1, toUs: 2 };

  test("no text of a user ever stands in the SQL: it is the same for every value of the same shape", () => {
    const fragment =
      /^(tenant_id = \{tenant_id:UUID\}|observed_at (>=|<) fromUnixTimestamp64Micro\(\{(from|to)_us:Int64\}, 'UTC'\)|(event_kind|severity|node_name|process_executable|exec_id) IN \{f\d+:Array\(String\)\}|sensor_id IN \{f\d+:Array\(UUID\)\}|\(process_executable = \{f\d+:String\} OR endsWith\(process_executable, concat\('\/', \{f\d+:String\}\)\)\)|startsWith\(container_id, \{f\d+:String\}\)|search LIKE \{f\d+:String\})$/;
    fc.assert(
      fc.property(filters, (filter) => {
        let conditions;
        try {
          conditions = parseFilter(filter as unknown as EventFilter);
        } catch (error) {
          return error instanceof AppError && error.code === "invalid_request";
        }
        const { sql, params } = filterSql(conditions, range);
        const named = [...sql.matchAll(/\{(\w+):/g)].map((match) => match[1]!);
        return (
          sql.split(" AND ").every((part) => fragment.test(part)) &&
          new Set(named).size === new Set([...Object.keys(params), "tenant_id"]).size &&
          named.every((name) => name === "tenant_id" || Object.hasOwn(params, name))
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("wildcards of LIKE stand for themselves", () => expect(escapeLike("a%b_c\\")).toBe("a\\%b\\_c\\\\"));

  test("lower-casing touches A-Z only", () => {
    fc.assert(fc.property(anything, (text) => asciiLower(text).length === text.length));
    expect(asciiLower("ÄBC İ")).toBe("Äbc İ");
  });
});

describe("query of a URL", () => {
  const at = (query: string): string => `https://console.example/api/v1/events?${query}`;

  test("lists are comma-separated or repeated", () => {
    expect({ ...filterOfUrl(at("kind=process_exec,setuid&kind=mount&q=")) }).toEqual({
      kind: ["process_exec", "setuid", "mount"],
    });
  });

  test("the limit is a number", () => expect(searchOfUrl(at("limit=5")).limit).toBe(5));

  test.each([
    "limit=0",
    "limit=1001",
    "limit=1e3",
    "limit=x",
    "nope=1",
    "__proto__=1",
    "q=a&q=b",
    `q=${"x".repeat(513)}`,
    "since=1y",
  ])("refuses %s", (query) => expect(fault(() => searchOfUrl(at(query))).code).toBe("invalid_request"));
});

describe("cursor", () => {
  const range = { fromUs: 1_700_000_000_000_000, toUs: 1_800_000_000_000_000 };
  const key = { atUs: 1_750_000_000_000_000, sensorId: SENSOR, epoch: "00000000000000aa", seq: 2 ** 53 - 1 };

  test("comes back as it went, within 256 characters", () => {
    for (const cursor of [
      { range, untilUs: key.atUs + 1, key },
      { range, untilUs: range.toUs, key: undefined },
    ]) {
      expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
      expect(formatCursor(cursor).length).toBeLessThan(256);
    }
  });

  test("anything else is refused", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => Buffer.from(s).toString("base64url")),
        ),
        (text) => {
          expect(fault(() => parseCursor(text)).pointer).toBe("/cursor");
        },
      ),
    );
    const outside = { ...key, atUs: range.toUs };
    expect(fault(() => parseCursor(formatCursor({ range, untilUs: range.toUs, key: outside }))).code).toBe(
      "invalid_request",
    );
  });
});
