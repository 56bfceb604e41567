import { chance } from "../mix.ts";
import { Lane } from "../node/lane.ts";
import { SimNode } from "../node/node.ts";
import { FLOOD_FACTOR, rogueKind } from "../node/rogue.ts";
import type { Behaviour } from "../options.ts";
import { hex16 } from "../mix.ts";
import type { FleetConfig, FleetHandle, FleetStatus, LaneResult, SensorResult } from "./config.ts";
import { Tally } from "./tally.ts";
import { Wheel } from "./wheel.ts";

const TICK_MS = 500;
const SLOTS = 10;
const DAY_MS = 86_400_000;
/** Epochs of runs before that a hello can name. */
const PAST_RUNS = 30;

/** What sensor `index` is like; the same for the same seed. */
export function traitsOf(b: Behaviour, index: number, only?: FleetConfig["rogueKind"]) {
  const rogue = rogueKind(b.seed, index, b.rogue, only);
  const eps = b.eps * (rogue === "flood" ? FLOOD_FACTOR : 1);
  const skewed = chance(b.seed, index, 71) < b.clockSkew;
  return {
    profile: b.profiles[index % b.profiles.length]!,
    rogue,
    flaps: chance(b.seed, index, 72) < b.flap,
    skewMs: skewed ? (chance(b.seed, index, 73) < 0.5 ? -DAY_MS : DAY_MS) : 0,
    offsetMs: b.n > 1 ? Math.floor((b.rampMs * index) / b.n) : 0,
    rates: { bulk: eps * (1 - b.alertShare), alert: eps * b.alertShare },
  };
}

const BASE_RSS_BYTES = process.memoryUsage.rss();
const NO_BURST = { probability: 0, size: 0 };
const LANES = ["bulk", "alert"] as const;

/** The lanes of sensor `index`; `baseUs` is its start by its own clock. */
export function lanesOf(
  b: Behaviour,
  index: number,
  run: number,
  baseUs: number,
  only?: FleetConfig["rogueKind"],
): Lane[] {
  const { profile, rates } = traitsOf(b, index, only);
  return LANES.map(
    (name, i) =>
      new Lane({
        name,
        profile,
        seed: b.seed,
        // Each lane draws its own times.
        index: index * LANES.length + i,
        run,
        rate: rates[name],
        burst: name === "bulk" ? b.burst : NO_BURST,
        baseUs,
        queueEvents: b.queueEvents,
      }),
  );
}

/** Sensors of one process. */
export class Fleet implements FleetHandle {
  readonly #config: FleetConfig;
  readonly #nodes: { readonly node: SimNode; readonly startMs: number; up: boolean }[] = [];
  /** Of those that keep the rules, and of those that do not. */
  readonly #lawful = new Tally();
  readonly #rogue = new Tally();
  readonly #wheel = new Wheel();
  #untilMs: number;
  #started = 0;
  #slot = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: FleetConfig) {
    this.#config = config;
    const { startAtMs, behaviour } = config;
    const zeroMs = performance.now() + startAtMs - Date.now();
    this.#untilMs = zeroMs + behaviour.durationMs;
    for (let index = config.first; index < config.end; index++) {
      const { rogue, offsetMs } = traitsOf(behaviour, index);
      const delayMs = offsetMs + (rogue === undefined ? 0 : (config.rogueDelayMs ?? 0));
      this.#nodes.push({ node: this.#node(index, zeroMs, delayMs), startMs: zeroMs + delayMs, up: false });
    }
    // The order in which they start.
    this.#nodes.sort((a, b) => a.startMs - b.startMs);
  }

  start(): void {
    this.#wheel.start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS / SLOTS);
  }

  status(): Promise<FleetStatus> {
    const cpu = process.cpuUsage();
    let [live, drained, generated, acked, missing] = [0, 0, 0, 0, 0];
    for (const { node } of this.#nodes) {
      if (node.live) live++;
      if (node.drained) drained++;
      for (const lane of node.lanes) {
        generated += lane.generated;
        acked += lane.acked;
        missing += lane.missing;
      }
    }
    return Promise.resolve({
      sensors: this.#nodes.length,
      live,
      drained,
      generated,
      acked,
      missing,
      cpuMs: (cpu.user + cpu.system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      baseRssBytes: BASE_RSS_BYTES,
      // As it is now: whoever asks twice wants to know what came between.
      tally: this.#all(),
      lawful: new Tally(this.#lawful),
    });
  }

  results(): Promise<readonly SensorResult[]> {
    const { identities, first } = this.#config;
    const inOrder = this.#nodes.toSorted((a, b) => a.node.index - b.node.index);
    return Promise.resolve(
      inOrder.map(({ node, up }) => ({
        index: node.index,
        sensorId: identities[node.index - first]!.sensor_id,
        ...(node.rogue === undefined ? {} : { rogue: node.rogue }),
        up: up || node.live,
        lanes: node.lanes.map(({ name, epoch, generated, acked, missing }): LaneResult => ({
          lane: name,
          epoch,
          generated,
          acked,
          missing,
        })),
      })),
    );
  }

  endEvents(): Promise<void> {
    const nowMs = performance.now();
    this.#untilMs = Math.min(this.#untilMs, nowMs);
    // What has happened is made now: from here on the numbers do not grow.
    for (let i = 0; i < this.#started; i++) this.#nodes[i]!.node.tick(nowMs, this.#untilMs);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#wheel.stop();
    for (const { node } of this.#nodes) node.stop();
    return Promise.resolve();
  }

  #all(): Tally {
    const all = new Tally(this.#lawful);
    all.merge(this.#rogue);
    return all;
  }

  /** Sensor `index`, which starts so long after the fleet. */
  #node(index: number, zeroMs: number, delayMs: number): SimNode {
    const { behaviour: b, run, place, keys, identities, past, first, startAtMs, rogueKind: only } = this.#config;
    const traits = traitsOf(b, index, only);
    const identity = identities[index - first]!;
    const startedUs = (startAtMs + delayMs + traits.skewMs) * 1000;
    return new SimNode({
      facts: {
        index,
        seed: b.seed,
        profile: traits.profile,
        nodeName: identity.node_name,
        serial: identity.serial,
        certificateExpiresAt: identity.expires_at,
        startedUs,
      },
      identity: { certPem: identity.cert, keyPem: keys[index - first]!.key },
      target: { hostname: place.hostname, port: place.port, caPem: place.ca },
      lanes: lanesOf(b, index, run, startedUs, only),
      ended: past.slice(-PAST_RUNS).flatMap((p) =>
        LANES.flatMap((_name, i) => {
          const last = p.last?.[index]?.[i];
          return last === undefined
            ? []
            : [{ epoch: hex16(p.seed, index * LANES.length + i, i, p.run, 31), last_seq: last }];
        }),
      ),
      rogue: traits.rogue,
      flaps: traits.flaps,
      run,
      skewMs: traits.skewMs,
      startMs: zeroMs + delayMs,
      wheel: this.#wheel,
      tally: traits.rogue === undefined ? this.#lawful : this.#rogue,
    });
  }

  #tick(): void {
    const nowMs = performance.now();
    while (this.#started < this.#nodes.length && this.#nodes[this.#started]!.startMs <= nowMs)
      this.#nodes[this.#started++]!.node.start();
    this.#slot = (this.#slot + 1) % SLOTS;
    for (let i = this.#slot; i < this.#started; i += SLOTS) {
      const own = this.#nodes[i]!;
      own.node.tick(nowMs, this.#untilMs);
      own.up ||= own.node.live;
    }
  }
}
