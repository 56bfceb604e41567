import { readdir } from "node:fs/promises";
import { AppError } from "../core/error.ts";
import { writePlan } from "../core/policy/plan/write.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import { addLocalPolicy } from "../sensor/policy/local-files.ts";
import { LOCAL_ENDING, MAX_LOCAL } from "../sensor/policy/local.ts";
import { EXIT, listFlag, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";
import { awaitEffect, localSensor, tellEffect } from "./policy-local.ts";
import { planFileName, readPlans } from "./policy-source.ts";
import { policyName } from "./policy-status.ts";
import { readVariables } from "./policy-variables.ts";

const nameOf = ({ policy: { name, namespace } }: Plan): string => (namespace === "" ? name : `${namespace}/${name}`);

/** `telovix policy add`. */
export async function run(call: Call): Promise<number> {
  if (call.args.length === 0) throw new UsageError("A file is needed.", "Write: telovix policy add FILE");
  const paths = await localSensor(call);
  const variables = readVariables(listFlag(call.flags, "set"));
  // All are read before the first is added: a fault in one leaves the node as it was.
  const plans = new Map<string, Plan>();
  for (const file of call.args)
    for (const plan of await readPlans(file, variables)) {
      const stem = planFileName(plan);
      if (plans.has(stem))
        throw new AppError("invalid_request", `There are two policies named ${stem}.`, { hint: "Rename one of them." });
      plans.set(stem, plan);
    }
  variables.refuseUnused();
  const there = (await readdir(paths.localPolicies).catch((): string[] => [])).filter((n) => n.endsWith(LOCAL_ENDING));
  const all = new Set([...there.map((file) => file.slice(0, -LOCAL_ENDING.length)), ...plans.keys()]);
  if (all.size > MAX_LOCAL)
    throw new AppError(
      "too_large",
      `A node takes ${MAX_LOCAL} policies of its own; with these it would have ${all.size}.`,
      {
        hint: "Take some away with: telovix policy remove NAME",
      },
    );
  for (const [stem, plan] of plans) await addLocalPolicy(paths.localPolicies, stem, writePlan(plan));
  const names = new Set([...plans.values()].map(nameOf));
  const effect = await awaitEffect(paths, call, (policies) => {
    const told = new Set(policies.filter(({ state }) => state !== "loading").map(policyName));
    return [...names].every((name) => told.has(name));
  });
  tellEffect(call, effect, names);
  const isRejected = effect.policies.some((policy) => names.has(policyName(policy)) && policy.state === "rejected");
  return isRejected ? EXIT.findings : EXIT.ok;
}
