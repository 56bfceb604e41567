import { describe, expect, test } from "bun:test";
import type { AuthorityStatus } from "../../../core/api/trust.ts";
import { advanceWords, progressOf, questionOf, STEPS } from "./authority-words.ts";

const authority = (name: string, standing: "issuing" | "trusted", sensors: number) => ({
  id: name,
  subject: `CN=${name}, O=Acme`,
  not_before: "2026-01-01T00:00:00Z",
  not_after: "2036-01-01T00:00:00Z",
  standing,
  sensors,
});
const status = (phase: AuthorityStatus["phase"], waiting = 0): AuthorityStatus => ({
  phase,
  since: "2026-11-25T00:00:00Z",
  authorities: [
    authority("Acme CA", phase === "dual_issue" ? "trusted" : "issuing", phase === "dual_issue" ? waiting : 10),
    ...(phase === "stable"
      ? []
      : [authority("Acme CA 2", phase === "dual_issue" ? "issuing" : "trusted", 10 - waiting)]),
  ],
  sensors: 10,
  sensors_with_bundle: 10,
  waiting: [],
  waiting_total: waiting,
  hosts: [],
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

  test("names what it is about, and what can't be undone wants the name typed", () => {
    const asked = (phase: AuthorityStatus["phase"], action: "rotate" | "advance" | "abort"): string =>
      questionOf(status(phase), action, false).title;
    expect([
      asked("stable", "rotate"),
      asked("dual_trust", "advance"),
      asked("dual_trust", "abort"),
      asked("dual_issue", "abort"),
      asked("dual_issue", "advance"),
    ]).toEqual([
      "Begin to replace Acme CA?",
      "Let Acme CA 2 sign?",
      "Give Acme CA 2 up?",
      "Go back to Acme CA?",
      "Retire Acme CA?",
    ]);
    expect(questionOf(status("dual_issue"), "advance", false).typed).toBe("Acme CA");
    expect(questionOf(status("dual_trust"), "advance", false).typed).toBeUndefined();
  });

  test("how far a step is, is said", () => {
    expect(progressOf(status("dual_trust")).words).toBe("10 of 10 sensors trust both authorities.");
    expect(progressOf(status("dual_issue", 3))).toEqual({
      done: 7,
      words: "7 of 10 sensors have a certificate of the next one.",
    });
  });

  test("names how many are cut off, and wants the name typed", () => {
    const question = questionOf(status("dual_issue", 3), "advance", true);
    expect(question.what).toContain("3 sensors will be cut off");
    expect(question.typed).toBe("Acme CA");
    expect(questionOf(status("dual_trust", 1), "abort", true).what).toContain("1 sensor will be cut off");
  });
});
