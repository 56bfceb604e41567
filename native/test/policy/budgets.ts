/** A policy whose hook takes too much of the machine, though it never matches: it must be switched off, and say so. */
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
/** perl is on every Debian; seeks with SEEK_SET, and ends by itself. */
const STORM = `open(F, "<", "/dev/zero"); my $end = time + ${CHANGE_MS / 1000}; while (time < $end) { sysseek(F, 0, 0) for 1..1000; }`;

const stateOf = (states: readonly PolicyState[], name: string): PolicyState | undefined =>
  states.find((state) => state.name === name);
const isInForce = (state: PolicyState | undefined): boolean => state?.state === "ok" || state?.state === "degraded";

async function play(engine: Engine): Promise<void> {
  const say = (): string => JSON.stringify(engine.states() ?? null);
  if ((await engine.policies(2, CHANGE_MS)) === undefined) throw new Error(`no start: ${engine.complaint}`);
  if (![HOT, COOL].every((name) => isInForce(stateOf(engine.states() ?? [], name))))
    throw new Error(`not in force: ${say()}`);
  const storm = spawn("perl", ["-e", STORM], { stdio: "ignore" });
  try {
    const off = await engine.comes(CHANGE_MS, (states) =>
      /^Switched off: the runs at \S*lseek took \d+ ms of each second/.test(stateOf(states, HOT)?.reason ?? ""),
    );
    if (!off) throw new Error(`it is not switched off: ${say()}`);
  } finally {
    storm.kill("SIGKILL");
  }
  if (stateOf(engine.states() ?? [], HOT)?.state !== "rejected") throw new Error(`off, and yet in force: ${say()}`);
  if (!isInForce(stateOf(engine.states() ?? [], COOL))) throw new Error(`the other one is off too: ${say()}`);
}

export async function playBudgets(binary: string, out: string, prepared: string): Promise<Result[]> {
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  for (const name of [HOT, COOL]) {
    const group = CASES.find((c) => c.name === name)?.group ?? "";
    copyFileSync(`${prepared}/plans/${directoryOf(group)}/${name}.plan`, `${plans}/${name}.plan`);
  }
  const name = "scenario: a policy whose hook takes too much time is switched off and says so";
  const engine = new Engine(binary, out, plans, ["--hook-ms", "20"]);
  const result: Result = { name, hook: "syscall", shows: { other: name }, outcome: "works" };
  try {
    await play(engine);
    return [result];
  } catch (cause) {
    return [{ ...result, outcome: "FAILED", reason: cause instanceof Error ? cause.message : String(cause) }];
  } finally {
    await engine.stop(CHANGE_MS);
  }
}
