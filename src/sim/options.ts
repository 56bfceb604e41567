import { AppError } from "../core/error.ts";

/** Kinds of hosts the simulator plays. */
export const PROFILES = ["web", "db", "5gcore"] as const;
export type Profile = (typeof PROFILES)[number];

/** How a simulated fleet behaves. With the same values it makes the same events. */
export interface Behaviour {
  readonly n: number;
  readonly seed: number;
  readonly profiles: readonly Profile[];
  /** Events a second and sensor. */
  readonly eps: number;
  /** Share of them that go by the alert lane. */
  readonly alertShare: number;
  /** In each second, with this probability, this many events at once. */
  readonly burst: { readonly probability: number; readonly size: number };
  /** Shares of the fleet whose clock is a day off, that break the rules, and that lose their connection all the time. */
  readonly clockSkew: number;
  readonly rogue: number;
  readonly flap: number;
  /** Sensors start evenly over this time. */
  readonly rampMs: number;
  /** From the first sensor's start to the last event. */
  readonly durationMs: number;
  /** Events a sensor keeps while it cannot send them. */
  readonly queueEvents: number;
}

export const DEFAULT_BEHAVIOUR: Behaviour = {
  n: 100,
  seed: 1,
  profiles: PROFILES,
  eps: 5,
  alertShare: 0.01,
  burst: { probability: 0, size: 0 },
  clockSkew: 0,
  rogue: 0,
  flap: 0,
  rampMs: 10_000,
  durationMs: 60_000,
  queueEvents: 100_000,
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function wrong(flag: string, text: string, hint: string): AppError {
  return new AppError("invalid_request", `--${flag} ${text.slice(0, 64)} is not understood.`, {
    hint,
    pointer: `/${flag.replaceAll("-", "_")}`,
  });
}

/** `90s`, `5m`, `1h`, `500ms` in milliseconds; AppError for anything else. */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) throw wrong(flag, text, "Write a time such as 30s, 5m or 1h.");
  return Math.round(Number(match[1]) * UNITS[match[2]!]!);
}

/** A number in a range; AppError for anything else. `10M` and `100k` are understood. */
export function parseNumber(flag: string, text: string, min: number, max: number): number {
  const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text);
  const value = match ? Number(match[1]) * (match[2] === "M" ? 1e6 : match[2] === "k" ? 1e3 : 1) : Number.NaN;
  if (!(value >= min && value <= max)) throw wrong(flag, text, `It is a number from ${min} to ${max}.`);
  return value;
}

/** `0.01:500`: with probability 0.01 a second, 500 events at once. */
export function parseBurst(text: string): Behaviour["burst"] {
  const [probability, size, ...rest] = text.split(":");
  if (size === undefined || rest.length > 0) throw wrong("burst", text, "Write probability:events, such as 0.01:500.");
  return {
    probability: parseNumber("burst", probability!, 0, 1),
    size: Math.round(parseNumber("burst", size, 0, 100_000)),
  };
}

/** `web,db`. */
export function parseProfiles(text: string): readonly Profile[] {
  const names = text.split(",");
  const known = names.filter((name): name is Profile => PROFILES.some((p) => p === name));
  if (known.length === 0 || known.length < names.length)
    throw wrong("profile", text, `The profiles are ${PROFILES.join(", ")}.`);
  return known;
}
