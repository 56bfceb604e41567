import { differences, isProof, type ActAnswer, type SelfTestStep } from "../../core/policy/pack/self-test.ts";
import type { PolicyStatus } from "../policy-status.ts";
import type { Acted } from "./act.ts";
import type { Subject } from "./subjects.ts";

/** One step of a self-test, and what has come of it so far. */
export interface Step {
  readonly policy: string;
  readonly step: SelfTestStep;
  answer: ActAnswer | undefined;
  trouble: string | undefined;
  seen: boolean;
  /** In what the event of this action and policy differs that is nearest to the one expected. */
  differs: readonly string[] | undefined;
}

/** Self-tests under way: actions are told to it, and lines of the engine, in any order. */
export class Trial {
  readonly steps: readonly Step[];
  readonly #byPolicy: Map<string, Step[]>;
  /** Lines of the policies that belong to no action yet: an event may be read before its action has answered. */
  readonly #early: { policy: string; line: Record<string, unknown> }[] = [];

  constructor(subjects: readonly Subject[]) {
    this.steps = subjects.flatMap(({ name, selfTest }) =>
      selfTest.map((step) => ({
        policy: name,
        step,
        answer: undefined,
        trouble: undefined,
        seen: false,
        differs: undefined,
      })),
    );
    this.#byPolicy = Map.groupBy(this.steps, (step) => step.policy);
  }

  get isProven(): boolean {
    return this.steps.every((step) => step.seen);
  }

  acted(step: Step, { answer, trouble }: Acted): void {
    step.answer = answer;
    step.trouble = trouble;
    for (const { policy, line } of this.#early) if (policy === step.policy) this.#try(step, line);
  }

  /** A line of the engine, as it is in the file. */
  line(text: string): void {
    const name = /"policy_name":"([^"\\]{1,256})"/.exec(text)?.[1];
    const steps = name === undefined ? undefined : this.#byPolicy.get(name);
    if (name === undefined || !steps) return;
    let line: Record<string, unknown>;
    try {
      line = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return;
    }
    for (const step of steps) this.#try(step, line);
    if (steps.some((step) => !step.answer)) this.#early.push({ policy: name, line });
  }

  #try(step: Step, line: Record<string, unknown>): void {
    if (step.seen || !step.answer) return;
    step.seen = isProof(step.step, step.policy, step.answer, line);
    if (step.seen) return;
    const found = differences(step.step, step.policy, step.answer, line);
    if (found && found.length < (step.differs?.length ?? Infinity)) step.differs = found;
  }
}

export type Verdict = "fired" | "partly" | "silent" | "covered";

export interface Result {
  readonly name: string;
  readonly verdict: Verdict;
  /** Of the stand-ins the one that fired. */
  readonly by?: string;
  readonly state: string;
  /** What the engine says of hooks it could not attach, or not as well as it should. */
  readonly hooks: readonly string[];
  readonly steps: readonly { readonly act: string; readonly seen: boolean; readonly why?: string }[];
}

function hooksOf(status: PolicyStatus | undefined): readonly string[] {
  const lesser = (status?.hooks ?? []).filter((hook) => hook.status === "rejected" || hook.status === "degraded");
  const said = lesser.map((h) => `${h.hook}: ${h.status}${h.reason === undefined ? "" : `: ${h.reason}`}`);
  return [...new Set(status?.reason === undefined ? said : [status.reason, ...said])];
}

function whyNot({ trouble, differs }: Step): string {
  if (trouble !== undefined) return `the action could not be carried out: ${trouble}`;
  return differs === undefined
    ? "no event of it came"
    : `an event came, but not the one expected: ${differs.join("; ")}`;
}

function wordsOf({ act, args = [], from, as }: SelfTestStep): string {
  return [act, ...args, ...(from === undefined ? [] : ["from", from]), ...(as === undefined ? [] : ["as", as])].join(
    " ",
  );
}

/** What the trial comes to, policy by policy. */
export function results(
  subjects: readonly Subject[],
  trial: Trial,
  status: readonly PolicyStatus[],
): readonly Result[] {
  const own = new Map(
    subjects.map(({ name }): [string, Verdict] => {
      const steps = trial.steps.filter((s) => s.policy === name);
      const seen = steps.filter((s) => s.seen).length;
      return [name, seen === steps.length ? "fired" : seen > 0 ? "partly" : "silent"];
    }),
  );
  return subjects.map(({ name, standIns }) => {
    const known = status.find((s) => s.name === name);
    const by = own.get(name) === "fired" ? undefined : standIns.find((other) => own.get(other) === "fired");
    return {
      name,
      verdict: by === undefined ? (own.get(name) ?? "silent") : "covered",
      ...(by === undefined ? {} : { by }),
      state: known?.state ?? "unknown",
      hooks: hooksOf(known),
      steps: trial.steps
        .filter((s) => s.policy === name)
        .map((s) => ({ act: wordsOf(s.step), seen: s.seen, ...(s.seen ? {} : { why: whyNot(s) }) })),
    };
  });
}
