import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EVENT_KINDS } from "../../core/event/kinds.ts";
import { complete, parseQueryText, splitQuery } from "./query-text.ts";

describe("a query text", () => {
  test("is fields, and words searched in the text", () => {
    expect(parseQueryText('kind:file_write,setuid node:db-17 /tmp/.x process:"/opt/my app/x"')).toEqual({
      filter: {
        kind: ["file_write", "setuid"],
        node_name: ["db-17"],
        q: "/tmp/.x",
        process_executable: "/opt/my app/x",
      },
      errors: [],
    });
  });
  test("excludes kinds and severities", () => {
    const { filter } = parseQueryText("-kind:process_exit -severity:info");
    expect(filter.kind).toEqual(EVENT_KINDS.filter((kind) => kind !== "process_exit"));
    expect(filter.severity).toEqual(["warning", "high", "critical"]);
  });
  test("points at the characters that are wrong", () => {
    const { errors } = parseQueryText("curl kind:nope");
    expect(errors).toEqual([{ start: 5, end: 14, message: "There is no kind “nope”." }]);
    expect(parseQueryText("colour:red").errors[0]?.message).toContain("There is no field “colour”");
    expect(parseQueryText("-node:db-17").errors).toHaveLength(1);
    expect(parseQueryText("node:").errors).toHaveLength(1);
  });
  test("takes quoted text as words, whatever stands in it", () => {
    expect(parseQueryText('"http://x y"')).toEqual({ filter: { q: "http://x y" }, errors: [] });
  });
  test("never throws, and pieces lie inside the text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseQueryText(text);
        for (const { start, end } of splitQuery(text))
          expect(start >= 0 && end <= text.length && start < end).toBe(true);
      }),
    );
  });
});

describe("completion", () => {
  test("offers fields, then values of the field", () => {
    expect(complete("sev", 3, {}, String).options.map((o) => o.insert)).toContain("severity:");
    expect(complete("severity:cr", 11, {}, String)).toEqual({
      start: 9,
      options: [{ insert: "critical ", label: "critical", hint: "" }],
    });
    expect(complete("x node:d", 8, { node: ["db-17", "web-1"] }, String)).toEqual({
      start: 7,
      options: [{ insert: "db-17 ", label: "db-17", hint: "" }],
    });
  });
});
