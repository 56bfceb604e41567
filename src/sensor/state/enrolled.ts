import { AppError } from "../../core/error.ts";
import type { StatePaths } from "./paths.ts";
import { readSensorState, type SensorState } from "./sensor-state.ts";

/** What the node was enrolled as. Throws AppError with a sentence for people when it was not. */
export async function enrolledState(paths: StatePaths): Promise<SensorState> {
  const state = await readSensorState(paths);
  if (state) return state;
  throw new AppError("invalid_request", "this node is not enrolled", {
    hint: "Make a token at the Console (Deploy Sensor), then: telovix enroll --console https://… --pin sha256//… --token tse_…",
  });
}
