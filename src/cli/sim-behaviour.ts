import {
  DEFAULT_BEHAVIOUR,
  parseBurst,
  parseDuration,
  parseNumber,
  parseProfiles,
  type Behaviour,
} from "../sim/options.ts";
import { textFlag, type Flags } from "./command.ts";

/** How the fleet of a call behaves; AppError that names the flag. */
export function behaviourOf(flags: Flags): Behaviour {
  const text = (name: string): string => textFlag(flags, name)!;
  const share = (name: string): number => parseNumber(name, text(name), 0, 1);
  const burst = textFlag(flags, "burst");
  return {
    n: Math.round(parseNumber("n", text("n"), 1, 100_000)),
    seed: Math.round(parseNumber("seed", text("seed"), 0, 2 ** 31)),
    profiles: parseProfiles(text("profile")),
    eps: parseNumber("eps", text("eps"), 0, 10_000),
    alertShare: share("alerts"),
    burst: burst === undefined ? DEFAULT_BEHAVIOUR.burst : parseBurst(burst),
    clockSkew: share("clock-skew"),
    rogue: share("rogue"),
    flap: share("flap"),
    rampMs: parseDuration("ramp", text("ramp")),
    durationMs: parseDuration("duration", text("duration")),
    queueEvents: Math.round(parseNumber("queue", text("queue"), 1, 10_000_000)),
  };
}
