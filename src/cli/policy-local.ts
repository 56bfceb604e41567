import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { sensorConfig } from "../sensor/config.ts";
import { statePaths, type StatePaths } from "../sensor/state/paths.ts";
import { textFlag, type Call } from "./command.ts";
import { policyName, readPolicyStatus, statusText, type PolicyStatus } from "./policy-status.ts";

const POLL_MS = 100;
const WAIT_MS = 15_000;

/** Paths of this host's sensor. AppError `not_found` when none was enrolled here. */
export async function localSensor(call: Call): Promise<StatePaths> {
  const paths = statePaths(sensorConfig({ stateDir: textFlag(call.flags, "dir") }).stateDir);
  if (!(await Bun.file(paths.sensorState).exists()))
    throw new AppError("not_found", `No sensor is enrolled in ${paths.dir}.`, {
      hint: "Its state directory is named with --dir. To try a policy without a sensor: telovix policy run FILE.",
    });
  return paths;
}

/** What came of a change. */
export interface Effect {
  /** The engine has done it. */
  readonly isDone: boolean;
  readonly policies: readonly PolicyStatus[];
}

/** Waits until the engine says what `holds` looks for; it gives up after a quarter of a minute, or when the call is interrupted. */
export async function awaitEffect(
  paths: StatePaths,
  call: Call,
  holds: (policies: readonly PolicyStatus[]) => boolean,
): Promise<Effect> {
  const until = systemClock.monotonicMs() + WAIT_MS;
  for (;;) {
    const policies = (await readPolicyStatus(paths.engineOut)) ?? [];
    if (holds(policies)) return { isDone: true, policies };
    if (call.signal.aborted || systemClock.monotonicMs() > until) return { isDone: false, policies };
    await systemClock.sleep(POLL_MS, call.signal);
  }
}

/** Prints what came of a change to the policies named. */
export function tellEffect(call: Call, { isDone, policies }: Effect, names: ReadonlySet<string>): void {
  const concerned = policies.filter((policy) => names.has(policyName(policy)));
  if (call.flags["json"]) {
    call.out(`${JSON.stringify({ in_force: isDone, policies: concerned }, null, 2)}\n`);
    return;
  }
  if (concerned.length > 0) call.out(statusText(concerned));
  call.out(
    isDone
      ? "It is in force.\n"
      : "It is written, and the sensor has not taken it up yet: it does so when it runs. Look with: telovix policy list\n",
  );
}
