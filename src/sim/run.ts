import { AppError } from "../core/error.ts";
import { fetchAuthorities } from "./enrol/trust.ts";
import { enrolAll, prepareKeys, type TokenSource } from "./enrol/enrol.ts";
import type { SimPlace, SimRun, SimState } from "./enrol/state.ts";
import type { FleetConfig, FleetHandle, FleetStatus, SensorResult } from "./fleet/config.ts";
import { startFleet } from "./fleet/group.ts";
import type { Behaviour } from "./options.ts";

export interface RunOptions {
  readonly behaviour: Behaviour;
  readonly state: SimState;
  /** The Console's address; undefined: where the state says it was. */
  readonly console?: {
    readonly hostname: string;
    readonly port: number;
    readonly pin?: string;
    readonly caPem?: string;
  };
  readonly token: TokenSource;
  readonly processes: number;
  readonly rogueKind?: FleetConfig["rogueKind"];
  readonly rogueDelayMs?: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A fleet that runs, and the run it is. */
export interface Running {
  readonly fleet: FleetHandle;
  readonly run: number;
  readonly startAtMs: number;
  /** Writes down how far each sensor came, so that the next run can say that these sequences are over. */
  finish(results: readonly SensorResult[]): Promise<void>;
}

async function placeOf({ console, state }: RunOptions): Promise<SimPlace> {
  const known = await state.place();
  if (!console) {
    if (known) return known;
    throw new AppError("invalid_request", "The Console's address is needed.", {
      hint: "Write --console https://host:15483, or --data-dir on the Console's host.",
    });
  }
  const { hostname, port, pin, caPem } = console;
  const same = known && known.hostname === hostname && known.port === port;
  if (same && pin === undefined && caPem === undefined) return known;
  return { hostname, port, ca: caPem ?? (await fetchAuthorities(hostname, port, pin)) };
}

/** Makes keys, enrols who is not enrolled, and starts the fleet. */
export async function startRun(options: RunOptions): Promise<Running> {
  const { behaviour, state, token, processes, rogueKind, rogueDelayMs = 0, say, signal } = options;
  const { n, seed } = behaviour;
  const place = await placeOf(options);
  const keys = await prepareKeys(state, n, (made) => say(`keys: ${made} of ${n}`));
  await state.savePlace(place);
  const target = { hostname: place.hostname, port: place.port, caPem: place.ca };
  const startedMs = performance.now();
  const before = (await state.identities()).length;
  const progress = (done: number): void => say(`enrolled: ${done} of ${n}`);
  const identities = await enrolAll({ state, target, keys, seed, token, progress, signal });
  if (identities.length > before) {
    const secs = (performance.now() - startedMs) / 1000;
    say(`enrolled ${identities.length - before} in ${secs.toFixed(1)} s`);
  }
  const past = await state.runs();
  const run = (past.at(-1)?.run ?? 0) + 1;
  const write = (last: SimRun["last"]): Promise<void> => state.saveRuns([...past.slice(-40), { run, seed, last }]);
  await write(null);
  // So that processes that are slow to start do not begin late.
  const startAtMs = Date.now() + (processes > 1 ? 1_500 : 100);
  const config: FleetConfig = {
    behaviour,
    first: 0,
    end: n,
    run,
    place,
    keys,
    identities,
    past: past.filter((p) => p.last !== null),
    startAtMs,
    rogueDelayMs,
    ...(rogueKind === undefined ? {} : { rogueKind }),
  };
  return {
    fleet: await startFleet(config, processes),
    run,
    startAtMs,
    finish: (results) => write(results.map(({ lanes }) => [lanes[0]!.generated, lanes[1]!.generated])),
  };
}

/** Time without a single acknowledgement after which what is left counts as stuck. */
const STUCK_MS = 120_000;

/** Waits for the last event and until everything is acknowledged; answers how long after the last event that took. */
export async function untilDrained(
  { fleet, startAtMs }: Running,
  durationMs: number,
  tell: (status: FleetStatus) => void,
  signal: AbortSignal,
): Promise<{ readonly drainMs: number; readonly stuck: boolean }> {
  const endMs = startAtMs + durationMs;
  let movedMs = Date.now();
  let acked = -1;
  let toldMs = 0;
  while (!signal.aborted) {
    const status = await fleet.status();
    const nowMs = Date.now();
    if (status.acked > acked || nowMs < endMs) movedMs = nowMs;
    acked = status.acked;
    if (nowMs - toldMs >= 5_000) {
      tell(status);
      toldMs = nowMs;
    }
    // A tick later, so that the last events have been made.
    if (nowMs > endMs + 1_000 && status.acked === status.generated) return { drainMs: nowMs - endMs, stuck: false };
    if (nowMs - movedMs > STUCK_MS) break;
    await Bun.sleep(250);
  }
  return { drainMs: Date.now() - endMs, stuck: true };
}
