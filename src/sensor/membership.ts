import { buildInfo } from "../core/build-info.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import type { SensorConfig } from "./config.ts";
import type { EnrollOptions } from "./enroll/enroll.ts";
import { finishSwitch } from "./enroll/identity-files.ts";
import type { Patience } from "./enroll/patience.ts";
import { lockStateDir, openStateDir } from "./state/directory.ts";
import { enrolledState } from "./state/enrolled.ts";
import { statePaths } from "./state/paths.ts";
import { readCredentials, type SensorState } from "./state/sensor-state.ts";
import { SensorClient } from "./uplink/client.ts";
import { UplinkCredentials } from "./uplink/tls.ts";

/** Joins this node to a Console and writes the state directory. Throws AppError with a sentence for people. */
export async function runEnroll(
  config: SensorConfig,
  options: Omit<EnrollOptions, "sensorVersion">,
  clock: Clock = systemClock,
  /** How a Console that is busy or away is waited for; without it there is one try. */
  patience?: Omit<Patience, "clock">,
): Promise<SensorState> {
  const paths = await openStateDir(config.stateDir);
  const unlock = await lockStateDir(paths);
  // Only joining needs the certificate library: who leaves does not wait for it to load.
  const { enroll } = await import("./enroll/enroll.ts");
  const { withPatience } = await import("./enroll/patience.ts");
  const patiently = patience && (<T>(ask: () => Promise<T>): Promise<T> => withPatience(ask, { ...patience, clock }));
  try {
    return await enroll(paths, { ...options, sensorVersion: buildInfo().version }, clock.nowMs(), patiently);
  } finally {
    await unlock();
  }
}

/**
 * Tells the Console that this sensor is gone for good; a Console that has revoked it knows already. Throws AppError when it is not
 * enrolled or the Console does not answer.
 */
export async function decommission(config: SensorConfig, signal: AbortSignal): Promise<void> {
  const paths = statePaths(config.stateDir);
  const state = await enrolledState(paths);
  await finishSwitch(paths);
  const client = new SensorClient(new URL(state.console_url), new UplinkCredentials(await readCredentials(paths)));
  try {
    await client.post("/sensors/self/decommission", {}, signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "sensor_revoked") throw error;
  }
}
