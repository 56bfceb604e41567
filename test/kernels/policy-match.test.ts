import { describe, expect, test } from "bun:test";
import type { Case, Run, Truth } from "../../native/test/policy/case.ts";
import { checkCase, isMissed, type Line } from "../../native/test/policy/match.ts";

const opened = (pid: number, path = "/etc/x"): Line => ({
  kind: "kprobe",
  event: { process: { pid }, path },
  telovix: {},
});
const truth = (pid: number, more: Partial<Truth> = {}): Truth => ({
  id: "c",
  pid,
  ret: 0,
  errno: 0,
  signal: 0,
  extra: {},
  ...more,
});
const run = (more: Partial<Run> = {}): Run => ({ act: ["open"], events: [{ path: "/etc/x" }], ...more });
const caseOf = (...runs: Run[]): Case => ({ runs }) as unknown as Case;

describe("what a kernel that skipped programs may have missed", () => {
  test("is an event that was not told, while all else is right", () => {
    const c = caseOf(run(), run());
    expect(checkCase(c, [truth(1), truth(2)], [opened(1)], false)).toHaveLength(1);
    expect(isMissed(c, [truth(1), truth(2)], [opened(1)])).toBeTrue();
  });

  test("is none that was told otherwise, too often, or where nothing should be", () => {
    const truths = [truth(1)];
    expect(isMissed(caseOf(run()), truths, [opened(1, "/etc/y")])).toBeFalse();
    expect(isMissed(caseOf(run()), truths, [opened(1), opened(1)])).toBeFalse();
    expect(isMissed(caseOf(run({ events: [] })), truths, [opened(1)])).toBeFalse();
  });

  test("is nothing in a case with another run that is wrong by itself", () => {
    const c = caseOf(run(), run());
    expect(isMissed(c, [truth(1), truth(2)], [opened(2, "/etc/y")])).toBeFalse();
  });

  test("is no run that hung, or that nobody told of", () => {
    expect(isMissed(caseOf(run()), [truth(1, { hung: true })], [])).toBeFalse();
    expect(isMissed(caseOf(run()), [undefined], [])).toBeFalse();
  });

  test("is no effect that failed though its event was told", () => {
    const c = caseOf(run({ effect: { errno: 1 } }));
    expect(isMissed(c, [truth(1)], [opened(1)])).toBeFalse();
    expect(isMissed(c, [truth(1)], [])).toBeTrue();
  });
});
