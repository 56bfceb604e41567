import { AppError, errorMessage } from "../../core/error.ts";
import { lockHolder } from "../../sensor/state/directory.ts";
import { statePaths } from "../../sensor/state/paths.ts";
import { readSensorState, type SensorState } from "../../sensor/state/sensor-state.ts";
import type { Finding } from "./finding.ts";

function trustOf(dir: string, state: SensorState, nowMs: number): Finding {
  const { trust_state, last_error, certificate_expires_at: until } = state;
  const how = `telovix enroll --force --state-dir ${dir}`;
  const hint = `Make a re-enrolment token on the sensor's page in the Console and use it here: ${how}.`;
  const said = last_error === undefined ? "" : ` (${last_error})`;
  const limited = (message: string): Finding => ({ name: "trust", status: "limited", message, hint });
  if (trust_state === "revoked") return limited(`The Console has revoked this sensor${said}.`);
  if (Date.parse(until) <= nowMs) return limited(`Its certificate ended at ${until}${said}.`);
  if (trust_state === "error") return limited(`It and the Console do not trust each other${said}.`);
  return { name: "trust", status: "ok", message: `The Console trusts it; its certificate holds until ${until}.` };
}

/** The sensor whose state directory is `dir`: whether it runs, and how its trust stands. Nothing is changed there. */
export async function checkSensor(dir: string, nowMs: number): Promise<Finding[]> {
  const paths = statePaths(dir);
  try {
    const state = await readSensorState(paths);
    if (!state) return [{ name: "sensor", status: "unknown", message: `None is enrolled in ${dir}.` }];
    const process = await lockHolder(paths);
    const who = `${state.node_name} of ${state.console_url}`;
    return [
      process === undefined
        ? {
            name: "sensor",
            status: "limited",
            message: `${who} does not run.`,
            hint: `Start it: systemctl start telovix-sensor, or telovix sensor run --state-dir ${dir}.`,
          }
        : { name: "sensor", status: "ok", message: `${who} runs (process ${process}).` },
      trustOf(dir, state, nowMs),
    ];
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    const message = `Its state in ${dir} could not be read: ${errorMessage(error)}.`;
    return [{ name: "sensor", status: "limited", message, ...(hint === undefined ? {} : { hint }) }];
  }
}
