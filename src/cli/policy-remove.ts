import { AppError } from "../core/error.ts";
import { removeLocalPolicy } from "../sensor/policy/local-files.ts";
import { EXIT, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";
import { awaitEffect, localSensor, tellEffect } from "./policy-local.ts";
import { policyName } from "./policy-status.ts";

/** Name of a policy's file, without ending; a name that could lead elsewhere names none. */
const stemOf = (name: string): string | undefined =>
  /^[a-zA-Z0-9][\w.-]*(\/[a-zA-Z0-9][\w.-]*)?$/.test(name) ? name.replace("/", "_") : undefined;

/** `telovix policy remove`. */
export async function run(call: Call): Promise<number> {
  if (call.args.length === 0) throw new UsageError("A policy is needed.", "Write: telovix policy remove NAME");
  const paths = await localSensor(call);
  for (const name of call.args) {
    const stem = stemOf(name);
    if (stem === undefined || !(await removeLocalPolicy(paths.localPolicies, stem)))
      throw new AppError("not_found", `No policy ${name.slice(0, 253)} was added on this node.`, {
        hint: "Those of packs are switched off with: telovix policy mode NAME off",
      });
  }
  const names = new Set(call.args);
  const effect = await awaitEffect(
    paths,
    call,
    (policies) => !policies.some((policy) => names.has(policyName(policy))),
  );
  tellEffect(call, effect, names);
  return EXIT.ok;
}
