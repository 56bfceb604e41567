import { AppError } from "../core/error.ts";
import { changeChoice } from "../sensor/policy/local-files.ts";
import { WANTED_MODES, type WantedMode } from "../sensor/policy/local.ts";
import { EXIT, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";
import { awaitEffect, localSensor, tellEffect } from "./policy-local.ts";
import { policyName, readPolicyStatus, type PolicyStatus } from "./policy-status.ts";

const HINT =
  "Write: telovix policy mode NAME monitor|enforce|off|default, or telovix policy mode --all monitor|default";

function modeOf(word: string | undefined): WantedMode | undefined {
  if (word === "default") return undefined;
  const mode = WANTED_MODES.find((one) => one === word);
  if (mode === undefined) throw new UsageError(`'${(word ?? "").slice(0, 32)}' is no mode.`, HINT);
  return mode;
}

/** `telovix policy mode`: by policy, or the switch over all of them. */
export async function run(call: Call): Promise<number> {
  const names = new Set(call.args.slice(0, -1));
  const isAll = call.flags["all"] === true;
  if (isAll ? names.size > 0 : names.size === 0) throw new UsageError("A policy, or --all, is needed.", HINT);
  const mode = modeOf(call.args.at(-1));
  const paths = await localSensor(call);
  const before = (await readPolicyStatus(paths.engineOut)) ?? [];
  if (isAll) {
    if (mode !== "monitor" && mode !== undefined)
      throw new UsageError(`All policies at once are set to monitor or default, not to ${mode}.`, HINT);
    await changeChoice(paths.localPolicies, { enforcement: mode === "monitor" ? "off" : "as set" });
    for (const policy of before) names.add(policyName(policy));
  } else {
    const known = new Set(before.map(policyName));
    const stranger = [...names].find((name) => !known.has(name));
    // One that was switched off is not among those the engine knows.
    if (stranger !== undefined && mode !== undefined && before.length > 0 && mode !== "off")
      call.err(`The engine knows no policy ${stranger.slice(0, 253)} now; the mode holds once it does.\n`);
    const modes = new Map([...names].map((name) => [name, mode] as const));
    await changeChoice(paths.localPolicies, { modes }).catch((cause: unknown) => {
      throw new AppError("unavailable", `The modes that were chosen before cannot be read: ${String(cause)}`, {
        cause,
        hint: `Remove ${paths.localPolicies}/choice.json to begin anew.`,
      });
    });
  }
  const effect = await awaitEffect(paths, call, (policies) => isInForce(policies, names, isAll, mode));
  tellEffect(call, effect, names);
  return EXIT.ok;
}

function isInForce(
  policies: readonly PolicyStatus[],
  names: ReadonlySet<string>,
  isAll: boolean,
  mode: WantedMode | undefined,
): boolean {
  const concerned = policies.filter((policy) => names.has(policyName(policy)));
  if (mode === "off") return concerned.length === 0;
  // What a policy or the sensor itself asks for cannot be known here: it is shown as it stands.
  if (mode === undefined) return true;
  if (isAll) return policies.length > 0 && policies.every((policy) => policy.mode !== "enforce");
  return concerned.length === names.size && concerned.every((policy) => policy.mode === mode);
}
