import { describe, expect, test } from "bun:test";
import type { Case } from "../../native/test/policy/case.ts";
import { CASES } from "../../native/test/policy/cases.ts";
import type { Outcome, Result } from "../../native/test/policy/outcome.ts";
import { page, type Ran } from "../../native/test/policy/report-page.ts";

const result = (name: string, shows: Case["shows"], outcome: Outcome, reason?: string): Result => ({
  name,
  hook: "syscall",
  shows,
  outcome,
  ...(reason === undefined ? {} : { reason }),
});
const ran = (label: string, ...results: readonly Result[]): Ran => ({ label, kernel: label, has: [], results });

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
