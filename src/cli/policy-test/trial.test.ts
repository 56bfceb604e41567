import { describe, expect, test } from "bun:test";
import type { SelfTestStep } from "../../core/policy/pack/self-test.ts";
import type { PolicyStatus } from "../policy-status.ts";
import { countVerdicts, resultText } from "./report.ts";
import type { Subject } from "./subjects.ts";
import { results, Trial } from "./trial.ts";

const step = (act: string, message: string): SelfTestStep => ({
  act,
  args: ["/etc/shadow"],
  expect: { event: "process_kprobe", fields: { message } },
});
const subject = (name: string, standIns: readonly string[], ...selfTest: SelfTestStep[]): Subject => ({
  name,
  plan: new Uint8Array(),
  selfTest,
  standIns,
});
const line = (policy_name: string, pid: number, message: string): string =>
  JSON.stringify({ process_kprobe: { process: { pid }, policy_name, message } });
const WELL = { trouble: undefined };

describe("a trial", () => {
  test("is proven by the event of each action, whichever is read first", () => {
    const trial = new Trial([subject("p", [], step("one", "First"), step("two", "Second"))]);
    const [one, two] = trial.steps;
    trial.line(line("p", 7, "First"));
    expect(one?.seen).toBe(false);
    trial.acted(one!, { answer: { pid: 7 }, ...WELL });
    trial.acted(two!, { answer: { pid: 8 }, ...WELL });
    expect([one?.seen, two?.seen, trial.isProven]).toEqual([true, false, false]);
    trial.line(line("p", 8, "Second"));
    expect(trial.isProven).toBe(true);
  });

  test("is not proven by another policy, process or event; the nearest is told", () => {
    const trial = new Trial([subject("p", [], step("one", "First"))]);
    const [one] = trial.steps;
    trial.acted(one!, { answer: { pid: 7 }, ...WELL });
    for (const text of ["no json", line("q", 7, "First"), line("p", 8, "First"), '{"x":{"policy_name":"p"'])
      trial.line(text);
    expect([one?.seen, one?.differs]).toEqual([false, undefined]);
    trial.line(line("p", 7, "Else"));
    expect([one?.seen, one?.differs]).toEqual([false, ["message is Else, not First"]]);
  });
});

describe("the report", () => {
  const subjects = [
    subject("works", [], step("one", "M")),
    subject("half", [], step("one", "M"), step("two", "N")),
    subject("mute", [], step("one", "M")),
    subject("stood-for", ["works"], step("one", "M")),
    subject("cannot", [], step("one", "M")),
  ];
  const trial = new Trial(subjects);
  trial.steps.forEach((s, i) =>
    trial.acted(
      s,
      s.policy === "cannot" ? { answer: undefined, trouble: "it said nothing" } : { answer: { pid: i }, ...WELL },
    ),
  );
  trial.line(line("works", 0, "M"));
  trial.line(line("half", 1, "M"));
  const status: PolicyStatus[] = [
    { name: "stood-for", state: "rejected", hooks: [{ hook: "file_open", status: "rejected", reason: "no BPF LSM" }] },
    { name: "works", state: "ok", hooks: [{ hook: "sys_open", status: "ok" }] },
  ];
  const found = results(subjects, trial, status);

  test("has a verdict for each policy, and why", () => {
    expect(found.map((r) => [r.name, r.verdict])).toEqual([
      ["works", "fired"],
      ["half", "partly"],
      ["mute", "silent"],
      ["stood-for", "covered"],
      ["cannot", "silent"],
    ]);
    expect(countVerdicts(found)).toEqual({ fired: 1, partly: 1, silent: 2, covered: 1 });
  });

  test("says it in text", () => {
    const text = resultText(found);
    expect(text).toContain("fired   works\n");
    expect(text).toContain("covered stood-for, by works\n");
    expect(text).toContain("one /etc/shadow: no event of it came\n            hook file_open: rejected: no BPF LSM\n");
    expect(text).toContain("the action could not be carried out: it said nothing");
    expect(text).toEndWith("1 fired, 1 covered, 2 silent, 1 partly\n");
  });

  test("lets nothing but text onto the terminal", () => {
    const bad = [{ ...found[2]!, hooks: ["a\u001b[2Jb"] }];
    expect(resultText(bad)).toContain("a\uFFFD[2Jb");
  });
});
