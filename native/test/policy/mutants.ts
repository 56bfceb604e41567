/**
 * Damaged plans with a checksum that fits, loaded by the real engine: whatever stands in them, each is in force or refused
 * with a reason, no program of ours is refused by the verifier, and the engine goes on. With enforcement off; on a host that is
 * somebody's, one batch.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { Dice } from "../../../test/harness/dice.ts";
import { ACT, DIR, type Truth } from "./case.ts";
import { Engine, type PolicyState } from "./engine.ts";
import { damage, seal } from "./mutate.ts";
import type { Result } from "./outcome.ts";

/** The same plans in every run; what is found with one can be tried again. */
const SEED = 0x7e10;
const BATCHES = 4;
const PER_BATCH = 40;
/** No further batch is begun after this. */
const ENOUGH_MS = 150_000;
const CHANGE_MS = 180_000;
/** Fewer in force would say that the damage is so great that nothing gets past the reader. */
const LEAST_IN_FORCE = 0.1;

const plans = `${DIR}/plans/mutants`;
/** What the engine says when the kernel does not take a program of ours. */
const SURPRISE = /program is refused|programs cannot be opened/;

function sources(prepared: string): string[] {
  return readdirSync(`${prepared}/plans`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".plan"))
    .toSorted()
    .map((name) => `${prepared}/plans/${name}`);
}

/** Another file name for each, so that all of a batch are there at once. */
function lay(batch: number, dice: Dice, from: string[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < PER_BATCH && from.length > 0; i++) {
    const [source] = from.splice(dice.below(from.length), 1);
    const name = `mutant-${batch}-${i}`;
    const bytes = new Uint8Array(readFileSync(source ?? ""));
    damage(bytes, dice);
    writeFileSync(`${DIR}/coming`, seal(bytes));
    renameSync(`${DIR}/coming`, `${plans}/${name}.plan`);
    names.push(name);
  }
  return names;
}

/** What is wrong with what the engine says of a plan. */
function faultOf(state: PolicyState): string | undefined {
  const hooks = state.hooks ?? [];
  const surprise = [state.reason ?? "", ...hooks.map((hook) => hook.reason ?? "")].find((text) => SURPRISE.test(text));
  if (surprise !== undefined) return `${state.name}: ${surprise}`;
  if (state.state === "rejected" && (state.reason ?? "") === "") return `${state.name} is refused without a reason`;
  return hooks.some((hook) => hook.status === "rejected" && (hook.reason ?? "") === "")
    ? `a hook of ${state.name} is refused without a reason`
    : undefined;
}

async function tryBatch(engine: Engine, names: readonly string[]): Promise<readonly PolicyState[]> {
  const dead = (): string => `the engine ended (${engine.ended}): ${engine.complaint}`;
  if (!(await engine.comes(CHANGE_MS, (states) => states.length >= names.length)))
    throw new Error(engine.ended === undefined ? "it does not say what became of them" : dead());
  const states = engine.states() ?? [];
  const faults = states.flatMap((state) => faultOf(state) ?? []);
  if (faults.length > 0) throw new Error(faults.join("; "));
  const truth = JSON.parse(spawnSync(ACT, ["nothing"], { encoding: "utf8" }).stdout) as Truth;
  if (!(await engine.told(truth.pid, CHANGE_MS)))
    throw new Error(engine.ended === undefined ? "it no longer tells what happens" : dead());
  for (const name of names) rmSync(`${plans}/${name}.plan`);
  if (!(await engine.comes(CHANGE_MS, (left) => left.length === 0)))
    throw new Error(engine.ended === undefined ? "it does not let go of them" : dead());
  return states;
}

/** keep: where the plans of a batch that failed are laid, for another look. */
export async function playMutants(
  binary: string,
  out: string,
  prepared: string,
  keep: string | undefined,
): Promise<Result[]> {
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  writeFileSync(`${plans}/control.json`, JSON.stringify({ enforcement: "off" }));
  const name = "damaged plans: refused with a reason or in force, and the engine goes on";
  const result = (outcome: Result["outcome"], reason?: string): Result[] => [
    { name, hook: "syscall", shows: { other: name }, outcome, ...(reason === undefined ? {} : { reason }) },
  ];
  const engine = new Engine(binary, out, plans);
  const dice = new Dice(SEED);
  const from = sources(prepared);
  const began = performance.now();
  let tried = 0;
  let inForce = 0;
  const batches = existsSync("/run/vm-run") ? BATCHES : 1;
  let names: string[] = [];
  try {
    if ((await engine.policies(0, CHANGE_MS)) === undefined)
      throw new Error(`the engine did not start: ${engine.complaint}`);
    for (let batch = 0; batch < batches && performance.now() - began < ENOUGH_MS; batch++) {
      names = lay(batch, dice, from);
      const states = await tryBatch(engine, names);
      tried += states.length;
      inForce += states.filter((state) => state.state !== "rejected").length;
    }
    const ended = await engine.stop(CHANGE_MS);
    if (ended !== "0") throw new Error(`the engine did not end in order (${ended}): ${engine.complaint}`);
    if (inForce < tried * LEAST_IN_FORCE) throw new Error(`only ${inForce} of ${tried} got past the reader`);
    process.stdout.write(`# ${tried} damaged plans, ${inForce} of them in force\n`);
    return result("works");
  } catch (cause) {
    await engine.stop(CHANGE_MS);
    if (keep !== undefined) {
      mkdirSync(keep, { recursive: true });
      for (const n of names)
        if (existsSync(`${plans}/${n}.plan`)) copyFileSync(`${plans}/${n}.plan`, `${keep}/${n}.plan`);
    }
    return result("FAILED", cause instanceof Error ? cause.message : String(cause));
  }
}
