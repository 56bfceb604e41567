import { readFile } from "node:fs/promises";
import { AppError, errorMessage } from "../core/error.ts";
import { explainPlan } from "../core/policy/plan/explain/explain.ts";
import { explanationText } from "../core/policy/plan/explain/text.ts";
import { parseHostFacts, type HostFacts } from "../core/policy/plan/host-facts.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import { inMonitorMode, watchedPlan, type Resolution } from "../core/policy/plan/resolution.ts";
import { EXIT, listFlag, textFlag, type Call } from "./command.ts";
import { probeHost } from "./engine-program.ts";
import { UsageError } from "./parse.ts";
import { resolvePlans } from "./policy-resolve.ts";
import { readPlans } from "./policy-source.ts";
import { readVariables } from "./policy-variables.ts";

async function readFacts(file: string): Promise<HostFacts> {
  const text = await readFile(file, "utf8");
  try {
    return parseHostFacts(JSON.parse(text));
  } catch (cause) {
    throw new AppError("invalid_request", `${file} does not describe a host: ${errorMessage(cause)}`, {
      cause,
      hint: "Make it on that host with 'telovix-engine probe --json'.",
    });
  }
}

/** Facts of the host that is asked about; undefined, with a word on stderr, when this one can't be looked at. */
async function hostFacts(call: Call): Promise<HostFacts | undefined> {
  const file = textFlag(call.flags, "host-facts");
  if (file !== undefined) return readFacts(file);
  try {
    return await probeHost(call.signal);
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.err(`What this host can do is left out: ${errorMessage(error)}\n\n`);
    return undefined;
  }
}

/** What the engine finds of each plan; undefined, with a word on stderr, when it can't be asked. */
async function resolutions(
  plans: readonly Plan[],
  mode: "monitor" | "enforce" | undefined,
  call: Call,
): Promise<readonly Resolution[] | undefined> {
  try {
    const found = await resolvePlans(plans, call.signal);
    const monitored = plans.filter((plan) => (mode ?? plan.policy.mode) === "monitor");
    const watched = await resolvePlans(monitored.map(watchedPlan), call.signal);
    return found.map((resolution, i) => {
      const at = monitored.indexOf(plans[i]!);
      return at < 0 ? resolution : inMonitorMode(resolution, watched[at]!);
    });
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.err(`Names are not looked up on this kernel: ${errorMessage(error)}\n\n`);
    return undefined;
  }
}

function modeOf(call: Call): "monitor" | "enforce" | undefined {
  const mode = textFlag(call.flags, "mode");
  if (mode === undefined || mode === "monitor" || mode === "enforce") return mode;
  throw new UsageError(`--mode cannot be '${mode}'.`, "It is monitor or enforce.");
}

/** `telovix policy explain`. */
export async function run(call: Call): Promise<number> {
  const [file, ...rest] = call.args;
  if (file === undefined || rest.length > 0)
    throw new UsageError("One file is needed.", "Write telovix policy explain FILE.");
  const mode = modeOf(call);
  const variables = readVariables(listFlag(call.flags, "set"));
  const plans = await readPlans(file, variables);
  variables.refuseUnused();
  const facts = await hostFacts(call);
  const isHere = textFlag(call.flags, "host-facts") === undefined;
  const resolved = isHere && facts !== undefined ? await resolutions(plans, mode, call) : undefined;
  const explained = plans.map((plan, i) => explainPlan(plan, facts, mode, resolved?.[i]));
  if (call.flags["json"]) {
    call.out(`${JSON.stringify(explained.length === 1 ? explained[0] : explained, null, 2)}\n`);
  } else call.out(`${explained.map(explanationText).join("\n\n\n")}\n`);
  const rejected = explained.some((e) => e.groups.some((g) => g.onHost?.some((h) => h.status === "rejected")));
  return rejected ? EXIT.findings : EXIT.ok;
}
