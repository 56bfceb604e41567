import { AppError } from "../../error.ts";

/** Bytes that are no sound plan. */
export function planError(what: string): AppError {
  return new AppError("invalid_request", `This is not a plan: ${what}.`, {
    hint: "Make it again with 'telovix policy convert --to plan'.",
  });
}
