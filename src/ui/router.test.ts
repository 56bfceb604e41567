import { describe, expect, test } from "bun:test";
import { matchRoute, patchSearch } from "./router.ts";

describe("matchRoute", () => {
  test("knows every page", () => {
    expect(matchRoute("/")).toEqual({ page: "overview" });
    expect(matchRoute("/sensors/")).toEqual({ page: "sensors" });
    expect(matchRoute("/sensors/abc")).toEqual({ page: "sensor", sensorId: "abc" });
    expect(matchRoute("/events/a.b.3")).toEqual({ page: "event", eventId: "a.b.3" });
    expect(matchRoute("/settings/audit")).toEqual({ page: "settings", section: "audit" });
    expect(matchRoute("/lineage/event/a.b.3")).toEqual({ page: "lineage-event", eventId: "a.b.3" });
  });
  test("decodes ids that hold slashes and signs", () => {
    expect(matchRoute(`/lineage/process/s1/${encodeURIComponent("bm9k/ZTo+x==")}`)).toEqual({
      page: "lineage-process",
      sensorId: "s1",
      execId: "bm9k/ZTo+x==",
    });
  });
  test("takes a broken escape as it is written", () => {
    expect(matchRoute("/events/%E0%A4%A")).toEqual({ page: "event", eventId: "%E0%A4%A" });
  });
  test("finds nothing at other paths", () => {
    for (const path of ["/nowhere", "/sensors/a/b", "/lineage", "/lineage/event", "/setup/x"])
      expect(matchRoute(path)).toEqual({ page: "not-found" });
  });
});

describe("patchSearch", () => {
  test("sets, replaces and removes, and leaves the rest", () => {
    expect(patchSearch("?a=1&b=2", { b: null, c: "3", a: "9" })).toBe("?a=9&c=3");
    expect(patchSearch("?a=1", { a: "" })).toBe("");
  });
  test("keeps lists and times readable", () => {
    expect(patchSearch("", { kind: "a,b", from: "2026-01-01T00:00:00.000Z" })).toBe(
      "?kind=a,b&from=2026-01-01T00:00:00.000Z",
    );
  });
});
