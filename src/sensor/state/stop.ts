import type { Clock } from "../../core/clock.ts";
import { endProcess, findOrphan } from "../engine/orphan.ts";
import { lockHolder } from "./directory.ts";
import type { StatePaths } from "./paths.ts";

const SENSOR_PATIENCE_MS = 20_000;
const ENGINE_PATIENCE_MS = 10_000;

/**
 * Ends the sensor that runs with this state directory, however it was started, and an engine that a killed sensor left behind.
 * Resolves when both are gone, at once when there are none.
 */
export async function stopSensor(paths: StatePaths, clock: Clock): Promise<void> {
  const sensor = await lockHolder(paths);
  if (sensor !== undefined) await endProcess(sensor, clock, SENSOR_PATIENCE_MS);
  const engine = await findOrphan(paths.engineOut);
  if (engine !== undefined) await endProcess(engine, clock, ENGINE_PATIENCE_MS);
}
