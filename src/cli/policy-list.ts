import { AppError } from "../core/error.ts";
import { sensorConfig } from "../sensor/config.ts";
import { statePaths } from "../sensor/state/paths.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { readPolicyStatus, statusText } from "./policy-status.ts";

/** `telovix policy list`. */
export async function run(call: Call): Promise<number> {
  const { stateDir } = sensorConfig({ stateDir: textFlag(call.flags, "dir") });
  const policies = await readPolicyStatus(statePaths(stateDir).engineOut);
  if (policies === undefined)
    throw new AppError("not_found", `No engine has said which policies it runs below ${stateDir}.`, {
      hint: "Is a sensor running here? Its state directory is named with --dir.",
    });
  if (call.flags["json"]) call.out(`${JSON.stringify({ policies }, null, 2)}\n`);
  else call.out(policies.length === 0 ? "No policy is loaded.\n" : statusText(policies));
  return EXIT.ok;
}
