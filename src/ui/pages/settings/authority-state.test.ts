import { describe, expect, test } from "bun:test";
import type { AuthorityStatus } from "../../../core/api/trust.ts";
import { advanceWords, questionOf, STEPS } from "./authority-state.ts";

const status = (phase: AuthorityStatus["phase"], waiting = 0): AuthorityStatus => ({
  phase,
  since: "2026-11-25T00:00:00Z",
  authorities: [],
  sensors: 10,
  sensors_with_bundle: 10,
  waiting: [],
  waiting_total: waiting,
  actions: [],
  server_certificate_ends_at: "2027-11-25T00:00:00Z",
  pinned_public_key: "sha256//",
});

describe("the change of the authority, as it is asked", () => {
  test("says what each step does and whether it can be taken back", () => {
    expect(questionOf(status("stable"), "rotate", false).undo).toContain("can be taken back");
    expect(questionOf(status("dual_trust"), "advance", false).what).toContain("renew within five minutes");
    expect(questionOf(status("dual_issue"), "advance", false).undo).toBe("This can't be undone.");
    expect(questionOf(status("dual_issue"), "abort", false).verb).toBe("Go back");
    expect([advanceWords(status("dual_trust")), advanceWords(status("dual_issue"))]).toEqual([
      "Let the next one sign",
      "Retire the old one",
    ]);
    expect(STEPS.map((s) => s.phase)).toEqual(["stable", "dual_trust", "dual_issue", "retired"]);
  });

  test("names how many are cut off, and wants that typed", () => {
    const question = questionOf(status("dual_issue", 3), "advance", true);
    expect(question.what).toContain("3 sensors will be cut off");
    expect(question.typed).toBe("cut off");
    expect(questionOf(status("dual_trust", 1), "abort", true).what).toContain("1 sensor will be cut off");
  });
});
