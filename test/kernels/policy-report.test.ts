import { describe, expect, test } from "bun:test";
import type { Case } from "../../native/test/policy/case.ts";
import { CASES } from "../../native/test/policy/cases.ts";
import { keep, played, type Kept } from "../../native/test/policy/kept.ts";
import type { Outcome, Result } from "../../native/test/policy/outcome.ts";
import { page, type Ran } from "../../native/test/policy/report-page.ts";

const result = (name: string, shows: Case["shows"], outcome: Outcome, reason?: string): Result => ({
  name,
  hook: "syscall",
  shows,
  outcome,
  ...(reason === undefined ? {} : { reason }),
});
const ran = (label: string, ...results: readonly Result[]): Ran => ({
  label,
  kernel: label,
  on: "2026-01-02",
  has: [],
  results,
});

describe("docs/kernels.md", () => {
  test("a reason stands at the row it is of, and once", () => {
    const text = page(
      [
        ran(
          "6.1",
          result("a", { action: "GetUrl" }, "degraded", "not carried out"),
          result("b", { filter: "f" }, "works"),
        ),
        ran(
          "6.12",
          result("a", { action: "GetUrl" }, "degraded", "not carried out"),
          result("b", { filter: "f" }, "not possible", "no such thing; not carried out"),
        ),
      ],
      [],
    );
    expect(text).toContain("| f | yes | no (1, 2) |");
    expect(text).toContain("| GetUrl | partly (2) | partly (2) |");
    expect(text).toContain("1. no such thing\n2. not carried out\n");
  });

  test("results of another day stand in the rows of today", () => {
    const old = ran("6.1", result("a", { action: "Old name" }, "works"));
    const [c] = CASES;
    const text = page([old], [{ ...c!, name: "a", shows: { action: "New name" } }]);
    expect(text).toContain("| New name | yes |");
    expect(text).not.toContain("Old name");
  });

  // What one special value cannot do is no word on the action.
  test("denying a system call is not said to be impossible where only a special value is", () => {
    const works = new Set([
      "syscall-override",
      "syscall-override-connect",
      "notify-enforcer-kill",
      "cleanup-enforcer-asked",
    ]);
    const special: Record<string, Outcome> = {
      "syscall-override-connect": "degraded",
      "syscall-override-nothing": "not possible",
      "notify-enforcer-error": "degraded",
    };
    const results = CASES.flatMap((c): Result[] => {
      const outcome = works.has(c.name) ? "works" : special[c.name];
      return outcome === undefined ? [] : [result(c.name, c.shows, outcome)];
    });
    expect(results).toHaveLength(6);
    const text = page([ran("6.1", ...results)], CASES);
    expect(text).toContain("| Override | yes |");
    expect(text).toContain("| NotifyEnforcer | yes |");
  });
});

test("what is kept of a run is all that the page is made of, in the rows of today", () => {
  const cases = CASES.slice(0, 40);
  const results = [
    ...cases.map((c, i) => ({
      ...result(c.name, c.shows, i % 3 === 0 ? "not possible" : "works", i % 3 === 0 ? `no ${i % 2}` : undefined),
      hook: c.hook,
      ...(i % 3 === 0 ? {} : { backend: "raw_tp" }),
    })),
    result("scenario: a policy that kills", { other: "a policy that kills" }, "works"),
  ];
  const kept = keep({ kernel: "6.1.0", has: ["kprobe"], results }, CASES, "2026-01-02");
  expect(kept.groups.length).toBeLessThan(5);
  const again = played(JSON.parse(JSON.stringify(kept)) as Kept, CASES);
  const { label, on } = ran("6.1");
  expect(page([{ ...again, label, on }], CASES)).toBe(
    page([{ label, on, kernel: "6.1.0", has: ["kprobe"], results }], CASES),
  );
  expect(played(kept, CASES.slice(0, 10)).results).toHaveLength(11);
});
