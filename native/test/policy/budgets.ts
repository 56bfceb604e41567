/** Policies that take or tell too much: each must be switched off, and say so, and another beside it must not. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { DIR } from "./case.ts";
import { CASES } from "./cases.ts";
import { Engine, type PolicyState } from "./engine.ts";
import type { Result } from "./outcome.ts";
import { directoryOf } from "./prepare.ts";

const CHANGE_MS = 60_000;
const plans = `${DIR}/plans/budgets`;
/** At lseek(2), for a whence that the storm does not use. */
const HOT = "syscall-whence-int-equal";
/** At another call: none of this is its fault. */
const COOL = "syscall-descriptor-fd-equal";
interface Budget {
  readonly name: string;
  readonly hot: string;
  /** Options of the engine that make the budget small. */
  readonly more: readonly string[];
  /** perl, between two looks at the clock. */
  readonly storm: string;
  readonly says: RegExp;
}

/** A thousand times a second, at most. */
const steadily = (whence: string): string =>
  `for (1..10) { sysseek(F, 0, ${whence}); } select(undef, undef, undef, 0.01);`;
const whenceOf = (name: string): string => CASES.find((c) => c.name === name)?.runs[0]?.act.at(-1) ?? "";

const BUDGETS: readonly Budget[] = [
  {
    name: "a policy whose hook takes too much time, though it never matches",
    hot: HOT,
    more: ["--hook-ms", "20"],
    storm: "sysseek(F, 0, 0) for 1..1000;",
    says: /^Switched off: the runs at \S*lseek took \d+ ms of each second/,
  },
  {
    name: "a policy that matches too often",
    hot: "syscall-nopost",
    more: ["--matched-per-s", "50"],
    storm: steadily(whenceOf("syscall-nopost")),
    says: /^Switched off: it matched \d+ times a second for 5 seconds; 50 is the most it may/,
  },
  {
    name: "a policy that tells too much",
    hot: "syscall-post",
    more: ["--posted-per-s", "50"],
    storm: steadily(whenceOf("syscall-post")),
    says: /^Switched off: it told of events \d+ times a second for 5 seconds; 50 is the most it may/,
  },
];

/** perl is on every Debian; it ends by itself. */
const stormOf = (storm: string): string =>
  `open(F, "<", "/dev/zero"); my $end = time + ${CHANGE_MS / 1000}; while (time < $end) { ${storm} }`;

const stateOf = (states: readonly PolicyState[], name: string): PolicyState | undefined =>
  states.find((state) => state.name === name);
const isInForce = (state: PolicyState | undefined): boolean => state?.state === "ok" || state?.state === "degraded";

async function play(engine: Engine, { hot, storm: words, says }: Budget): Promise<void> {
  const say = (): string => JSON.stringify(engine.states() ?? null);
  if ((await engine.policies(2, CHANGE_MS)) === undefined) throw new Error(`no start: ${engine.complaint}`);
  if (![hot, COOL].every((name) => isInForce(stateOf(engine.states() ?? [], name))))
    throw new Error(`not in force: ${say()}`);
  const storm = spawn("perl", ["-e", stormOf(words)], { stdio: "ignore" });
  try {
    const off = await engine.comes(CHANGE_MS, (states) =>
      says.test(stateOf(states, hot)?.reason ?? ""),
    );
    if (!off) throw new Error(`it is not switched off: ${say()}`);
  } finally {
    storm.kill("SIGKILL");
  }
  if (stateOf(engine.states() ?? [], hot)?.state !== "rejected") throw new Error(`off, and yet in force: ${say()}`);
  const event = new RegExp(`^\\{"engine_policy_off":\\{"policy_name":"${hot}","reason":"${says.source.slice(1)}`, "m");
  if (!(await engine.says(CHANGE_MS, event))) throw new Error("no event says that it is off");
  if (!isInForce(stateOf(engine.states() ?? [], COOL))) throw new Error(`the other one is off too: ${say()}`);
}

async function playOne(budget: Budget, binary: string, out: string, prepared: string): Promise<Result> {
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  for (const name of [budget.hot, COOL]) {
    const group = CASES.find((c) => c.name === name)?.group ?? "";
    copyFileSync(`${prepared}/plans/${directoryOf(group)}/${name}.plan`, `${plans}/${name}.plan`);
  }
  const name = `scenario: ${budget.name} is switched off and says so`;
  const engine = new Engine(binary, out, plans, budget.more);
  const result: Result = { name, hook: "syscall", shows: { other: name }, outcome: "works" };
  try {
    await play(engine, budget);
    return result;
  } catch (cause) {
    return { ...result, outcome: "FAILED", reason: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    await engine.stop(CHANGE_MS);
  }
}

export async function playBudgets(binary: string, out: string, prepared: string): Promise<Result[]> {
  const results: Result[] = [];
  for (const budget of BUDGETS) results.push(await playOne(budget, binary, out, prepared));
  return results;
}
