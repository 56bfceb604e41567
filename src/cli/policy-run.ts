import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import { writePlan } from "../core/policy/plan/write.ts";
import { sensorConfig } from "../sensor/config.ts";
import { listSegments, SegmentReader } from "../sensor/tail/reader.ts";
import { EXIT, listFlag, textFlag, type Call } from "./command.ts";
import { EngineRun } from "./engine-run.ts";
import { engineProgram, withPrivateDir } from "./engine-program.ts";
import { eventLine } from "./event-line.ts";
import { UsageError } from "./parse.ts";
import { PolicyChanges } from "./policy-changes.ts";
import { costText } from "./policy-run-cost.ts";
import { planFileName, readPlans } from "./policy-source.ts";
import { policyName, readPolicyStatus, statusText, type PolicyStatus } from "./policy-status.ts";
import { readVariables } from "./policy-variables.ts";

const POLL_MS = 100;
/** As often the engine decides whether a policy costs too much. */
const STATUS_MS = 1_000;
const START_TIMEOUT_MS = 60_000;

async function allPlans(files: readonly string[], variables: ReadonlyMap<string, string>): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for (const file of files) plans.push(...(await readPlans(file, variables)));
  const names = plans.map(planFileName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AppError("invalid_request", `There are two policies named ${twice}.`, { hint: "Rename one of them." });
  return plans;
}

/** What the engine calls a policy: NAMESPACE/NAME, or its name. */
function nameOf({ policy: { name, namespace } }: Plan): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** Plans and modes, as the engine reads them. A policy that asks for monitor mode itself is never made to enforce. */
async function writePlans(dir: string, plans: readonly Plan[], enforce: boolean): Promise<void> {
  await mkdir(dir);
  const modes: Record<string, string> = {};
  for (const plan of plans) {
    await writeFile(join(dir, `${planFileName(plan)}.plan`), writePlan(plan));
    modes[nameOf(plan)] = enforce && plan.policy.mode !== "monitor" ? "enforce" : "monitor";
  }
  await writeFile(join(dir, "control.json"), JSON.stringify({ modes, enforcement: enforce ? "on" : "off" }));
}

/** Waits until the engine has told what became of each policy. Undefined when it was stopped before. */
async function awaitStatus(
  out: string,
  plans: readonly Plan[],
  engine: EngineRun,
  signal: AbortSignal,
): Promise<readonly PolicyStatus[] | undefined> {
  const until = systemClock.monotonicMs() + START_TIMEOUT_MS;
  while (!signal.aborted && !engine.ended) {
    const found = await readPolicyStatus(out);
    if (found && plans.every((p) => found.some((s) => policyName(s) === nameOf(p)))) return found;
    if (systemClock.monotonicMs() > until)
      throw new AppError("unavailable", "The engine has not said what became of the policies.", {
        hint: engine.said === "" ? "Run it again with TELOVIX_ENGINE_DEBUG=1." : engine.said,
      });
    await systemClock.sleep(POLL_MS, signal);
  }
  return undefined;
}

interface Follow {
  readonly call: Call;
  readonly reader: SegmentReader;
  readonly engine: EngineRun;
  /** Segments that were read are deleted. */
  readonly forgets: boolean;
  /** Names of those that were given; the engine's built-in sensors have policy names of their own. */
  readonly policies: ReadonlySet<string>;
  /** Says what has become of the policies. */
  readonly tellChanges: () => Promise<void>;
}

function show(line: string, { call, policies }: Follow): boolean {
  const event = eventLine(line);
  if (!event) return false;
  const isAsked = policies.has(event.policy);
  const isLoss = event.policy === "" && line.includes('"engine_loss"');
  if (!isAsked && !isLoss && !call.flags["all"]) return false;
  if (call.flags["json"]) call.out(`${line}\n`);
  else call.out(`${event.text}${policies.size > 1 && event.policy !== "" ? `  [${event.policy}]` : ""}\n`);
  return isAsked;
}

/** Prints events until the call is interrupted or the engine ends. Returns how many were a policy's. */
async function follow(f: Follow): Promise<number> {
  let shown = 0;
  let looked = 0;
  // One more look after the end: what was written before it still counts.
  for (let last = false; ;) {
    // Not only when there is nothing to read: a policy that is too loud keeps us reading.
    if (last || systemClock.monotonicMs() - looked >= STATUS_MS) {
      await f.tellChanges();
      looked = systemClock.monotonicMs();
    }
    const chunk = await f.reader.read();
    for (const line of chunk?.lines ?? []) if (show(line, f)) shown++;
    if (chunk && f.forgets) await f.reader.forget(chunk.segment);
    if (chunk) continue;
    if (last) return shown;
    last = f.call.signal.aborted || f.engine.ended;
    if (last) await f.engine.stop();
    else await systemClock.sleep(POLL_MS, f.call.signal);
  }
}

/** `telovix policy run`. */
export async function run(call: Call, programOf: (dir: string) => Promise<string> = engineProgram): Promise<number> {
  if (call.args.length === 0) throw new UsageError("A file is needed.", "Write telovix policy run FILE.");
  const variables = readVariables(listFlag(call.flags, "set"));
  const plans = await allPlans(call.args, variables);
  variables.refuseUnused();
  const enforce = call.flags["enforce"] === true;
  return withPrivateDir("policy", async (dir) => {
    const kept = textFlag(call.flags, "out");
    const out = kept === undefined ? join(dir, "out") : resolve(kept);
    await mkdir(out, { recursive: true, mode: 0o700 });
    await writePlans(join(dir, "plans"), plans, enforce);
    const first = Math.max(0, ...listSegments(out)) + 1;
    const { nodeName } = sensorConfig();
    const words = ["run", "--out", out, "--plan", join(dir, "plans"), "--node-name", nodeName];
    const engine = new EngineRun(await programOf(dir), [...words, "--self-pid", `${process.pid}`]);
    try {
      const status = await awaitStatus(out, plans, engine, call.signal);
      const loaded = plans.map((plan) => {
        const name = nameOf(plan);
        return { name, plan, status: status?.find((s) => policyName(s) === name) };
      });
      if (status) call.err(`${statusText(status)}${costText(loaded)}\n`);
      if (status?.every((s) => s.state === "rejected")) return EXIT.failed;
      const mode = enforce ? "What matches is stopped, as far as this host can." : "Monitor mode: nothing is stopped.";
      if (status) call.err(`${mode} Ctrl-C ends it.\n`);
      const reader = new SegmentReader(out, first, 0);
      const changes = new PolicyChanges(status ?? []);
      const shown = await follow({
        call,
        reader,
        engine,
        forgets: kept === undefined,
        policies: new Set(plans.map((p) => p.policy.name)),
        tellChanges: async () => {
          for (const line of changes.take((await readPolicyStatus(out)) ?? [])) call.err(`${line}\n`);
        },
      });
      await reader.close();
      if (!call.signal.aborted) throw new AppError("unavailable", `The engine ended: ${engine.reason}`);
      call.err(`${shown} event${shown === 1 ? "" : "s"}.\n`);
      return EXIT.ok;
    } finally {
      await engine.stop();
    }
  });
}
