import {
  DEFAULT_BEHAVIOUR,
  parseBurst,
  parseDuration,
  parseNumber,
  parseProfiles,
  type Behaviour,
} from "../sim/options.ts";
import { textFlag, type Flags } from "./command.ts";
import { UsageError } from "./parse.ts";

/** Events go on for so long once the last sensor has started, when nobody says for how long. */
const AFTER_RAMP_MS = 60_000;

type Writable = { -readonly [K in keyof Behaviour]?: Behaviour[K] };

const share = (name: string, text: string): number => parseNumber(name, text, 0, 1);
const whole = (name: string, text: string, min: number, max: number): number =>
  Math.round(parseNumber(name, text, min, max));

const FLAGS: Readonly<Record<string, (to: Writable, text: string) => unknown>> = {
  n: (to, text) => (to.n = whole("n", text, 1, 100_000)),
  seed: (to, text) => (to.seed = whole("seed", text, 0, 2 ** 31)),
  profile: (to, text) => (to.profiles = parseProfiles(text)),
  eps: (to, text) => (to.eps = parseNumber("eps", text, 0, 10_000)),
  alerts: (to, text) => (to.alertShare = share("alerts", text)),
  burst: (to, text) => (to.burst = parseBurst(text)),
  "clock-skew": (to, text) => (to.clockSkew = share("clock-skew", text)),
  rogue: (to, text) => (to.rogue = share("rogue", text)),
  flap: (to, text) => (to.flap = share("flap", text)),
  ramp: (to, text) => (to.rampMs = parseDuration("ramp", text)),
  duration: (to, text) => (to.durationMs = parseDuration("duration", text)),
  queue: (to, text) => (to.queueEvents = whole("queue", text, 1, 10_000_000)),
};

/** Flags of a call that say how the fleet behaves. */
export function behaviourGiven(flags: Flags): string[] {
  return Object.keys(FLAGS).filter((name) => textFlag(flags, name) !== undefined);
}

/**
 * How the fleet of a call behaves: what the call says, before what a scenario wants, before what is usual. An error that names the flag
 * when it makes no sense, also when it leaves sensors out that would start after the last event.
 */
export function behaviourOf(flags: Flags, wanted: Partial<Behaviour> = {}): Behaviour {
  const given: Writable = {};
  for (const name of behaviourGiven(flags)) FLAGS[name]!(given, textFlag(flags, name)!);
  const { durationMs, ...all } = { ...DEFAULT_BEHAVIOUR, durationMs: undefined, ...wanted, ...given };
  const behaviour = { ...all, durationMs: durationMs ?? all.rampMs + AFTER_RAMP_MS };
  if (behaviour.durationMs > behaviour.rampMs) return behaviour;
  const [duration, ramp] = [behaviour.durationMs, behaviour.rampMs].map((ms) => `${ms / 1000}s`);
  throw new UsageError(
    `A fleet that starts over ${ramp} and ends after ${duration} is never all there.`,
    "Write a --duration that is longer than --ramp, or none: a minute more than the ramp.",
  );
}
