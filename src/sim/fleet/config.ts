import type { SimIdentity, SimKey, SimPlace, SimRun } from "../enrol/state.ts";
import type { Behaviour } from "../options.ts";
import type { RogueKind } from "../node/rogue.ts";
import type { Tally } from "./tally.ts";

/** What a process needs to play its part of a fleet. */
export interface FleetConfig {
  readonly behaviour: Behaviour;
  /** Sensors of this part: from `first` up to but not including `end`. */
  readonly first: number;
  readonly end: number;
  readonly run: number;
  readonly place: SimPlace;
  /** Of this part only. */
  readonly keys: readonly SimKey[];
  readonly identities: readonly SimIdentity[];
  /** Runs that ended in order, newest last: their epochs are named as over. */
  readonly past: readonly SimRun[];
  /** Milliseconds since 1970 at which the first sensor starts. */
  readonly startAtMs: number;
  /** All rogues are of this kind; else each draws one. */
  readonly rogueKind?: RogueKind;
  /** Rogues start so much later than they would. */
  readonly rogueDelayMs?: number;
}

export interface LaneResult {
  readonly lane: string;
  readonly epoch: string;
  readonly generated: number;
  readonly acked: number;
  readonly missing: number;
}

export interface SensorResult {
  readonly index: number;
  readonly sensorId: string;
  readonly rogue?: string;
  /** Its stream was up at least once. */
  readonly up: boolean;
  readonly lanes: readonly LaneResult[];
}

/** How a fleet, or a part of it, stands. */
export interface FleetStatus {
  readonly sensors: number;
  readonly live: number;
  readonly drained: number;
  readonly generated: number;
  readonly acked: number;
  readonly missing: number;
  /** Time of this process's processors used, and its memory. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Memory before there was a sensor. */
  readonly baseRssBytes: number;
  readonly tally: Tally;
  /** The same of those alone that keep the rules. */
  readonly lawful: Tally;
}

/** A fleet under way, in this process or in others. */
export interface FleetHandle extends AsyncDisposable {
  status(): Promise<FleetStatus>;
  results(): Promise<readonly SensorResult[]>;
  /** Nothing more happens on the nodes; what has happened is still delivered. */
  endEvents(): Promise<void>;
}
