import { compile } from "../../core/check.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import { StreamDown, type StreamUp } from "../../core/wire/stream.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import type { Tally } from "../fleet/tally.ts";
import type { Wheel } from "../fleet/wheel.ts";
import { decode, encode } from "../link/codec.ts";
import type { ClientIdentity, Target } from "../link/tls.ts";
import { SimSocket } from "../link/websocket.ts";
import { hex16 } from "../mix.ts";
import type { NodeFacts } from "./facts.ts";
import type { Lane } from "./lane.ts";
import { machineHash, SIM_VERSION, systemOf } from "./state.ts";

const down = compile(StreamDown);
/** Nothing is sent while so much of what was is still with us. */
const MAX_WAITING_BYTES = 256 * 1024;
const OPEN_TIMEOUT_MS = 30_000;
const SILENCE_MS = 2.5 * INTERVALS.streamPingMs;
/** More than this is not gathered. */
const FULL_BATCH = 500;

type Welcome = Extract<StreamDown, { type: "welcome" }>;
/** What concerns heartbeats and inventories. */
export type ReportMessage = Extract<StreamDown, { type: "heard" | "noted" | "refresh" }>;

export interface SimStreamOptions {
  readonly facts: NodeFacts;
  readonly identity: ClientIdentity;
  readonly target: Target;
  readonly lanes: readonly Lane[];
  readonly ended: readonly { readonly epoch: string; readonly last_seq: number }[];
  readonly run: number;
  readonly wheel: Wheel;
  readonly tally: Tally;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onReport: (message: ReportMessage) => void;
  readonly onDropped: () => void;
}

/** The stream of a simulated sensor: connects, comes back after a while when it is cut, and sends each lane as far as its credit goes. */
export class SimStream {
  readonly #o: SimStreamOptions;
  /** As the Console asks: so long events other than alerts are gathered. */
  paceMs = 0;
  #socket: SimSocket | undefined;
  #live = false;
  #ended = false;
  #refused = false;
  #backoffMs: number = INTERVALS.reconnectMinMs;
  #openedMs = 0;
  #heardMs = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  #connects = 0;
  #rejected = 0;

  constructor(options: SimStreamOptions) {
    this.#o = options;
  }

  /** It was welcomed, and is not cut. */
  get live(): boolean {
    return this.#live;
  }

  get isOpening(): boolean {
    return this.#socket !== undefined && !this.#live;
  }

  /** Welcomes so far. */
  get connects(): number {
    return this.#connects;
  }

  /** Events the Console refused. */
  get rejected(): number {
    return this.#rejected;
  }

  connect(): void {
    if (this.#ended || this.#refused) return;
    const { target, identity, tally } = this.#o;
    // No clock runs before it has begun.
    this.#openedMs = this.#heardMs = Number.POSITIVE_INFINITY;
    const socket: SimSocket = new SimSocket(target, identity, {
      begun: () => void (this.#openedMs = this.#heardMs = performance.now()),
      opened: () => this.#hello(socket),
      message: (data) => this.#received(socket, data),
      closed: (why) => {
        if (!this.#live) tally.counts.connectFailures++;
        this.#drop(socket, why);
      },
    });
    this.#socket = socket;
  }

  /** No more connections; what is open is closed. */
  stop(): void {
    this.#ended = true;
    this.#live = false;
    this.#socket?.cut();
    this.#socket = undefined;
  }

  /** Cuts what is open; it comes back soon. */
  flap(): void {
    if (this.#socket) this.#drop(this.#socket, "flapping");
    this.#backoffMs = INTERVALS.reconnectMinMs;
  }

  /** Cuts it when nothing was heard for too long; true when it did. */
  dropSilent(nowMs: number): boolean {
    if (!this.#socket || nowMs - this.#heardMs <= (this.#live ? SILENCE_MS : OPEN_TIMEOUT_MS)) return false;
    this.#drop(this.#socket, "nothing was heard from the Console");
    return true;
  }

  send(bytes: Uint8Array): void {
    const { tally } = this.#o;
    tally.counts.framesSent++;
    tally.counts.bytesSent += bytes.length;
    this.#socket?.send(bytes);
  }

  /** Sends what may be sent. */
  pump(nowMs: number): void {
    const { lanes } = this.#o;
    // Alerts go first.
    for (let i = lanes.length - 1; i >= 0; i--) {
      const lane = lanes[i]!;
      const gathers = nowMs - this.#sentMs < this.paceMs && lane.waiting < FULL_BATCH;
      if (lane.name !== "alert" && gathers) continue;
      while (this.#live && this.#socket && this.#socket.waitingBytes < MAX_WAITING_BYTES) {
        const batch = lane.nextBatch(nowMs);
        if (!batch) break;
        this.send(batch);
        if (lane.name !== "alert") this.#sentMs = nowMs;
      }
    }
  }

  #drop(socket: SimSocket, why: string): void {
    if (this.#socket !== socket) return;
    socket.cut();
    this.#socket = undefined;
    this.#o.onDropped();
    const { wheel, tally } = this.#o;
    if (this.#ended) return;
    if (this.#live) tally.counts.disconnects++;
    tally.reason(why);
    this.#live = false;
    if (/answered 40[13]/.test(why)) {
      tally.counts.refused++;
      this.#refused = true;
      return;
    }
    wheel.after(this.#backoffMs * (0.5 + Math.random() / 2), () => this.connect());
    this.#backoffMs = Math.min(this.#backoffMs * 2, INTERVALS.reconnectMaxMs);
  }

  #hello(socket: SimSocket): void {
    if (this.#socket !== socket) return;
    const { facts, lanes, ended, run } = this.#o;
    const bulk = lanes[0]!;
    const hello: StreamUp = {
      type: "hello",
      protocol_version: PROTOCOL_VERSION,
      sensor_version: SIM_VERSION,
      epoch: bulk.epoch,
      next_seq: bulk.generated + 1,
      lanes: lanes.map((l) => ({ lane: l.name, epoch: l.epoch, next_seq: l.generated + 1, acked_seq: l.acked })),
      ...(ended.length > 0 ? { ended: [...ended] } : {}),
      instance: {
        machine_hash: machineHash(facts.seed, facts.index),
        boot_id: systemOf(facts).boot_id,
        start_id: hex16(facts.seed, facts.index, run, 61),
      },
    };
    this.send(encode(hello));
  }

  #received(socket: SimSocket, data: string | Uint8Array): void {
    if (this.#socket !== socket) return;
    this.#heardMs = performance.now();
    let message: StreamDown;
    try {
      message = down.parse(typeof data === "string" ? JSON.parse(data) : decode(data));
    } catch (error) {
      return this.#drop(socket, `the Console's frame: ${String(error)}`);
    }
    switch (message.type) {
      case "welcome":
        return this.#welcome(socket, message);
      case "ack":
        return this.#acknowledged(socket, message);
      case "ping":
        return this.send(encode({ type: "pong", id: message.id }));
      case "heard":
      case "noted":
      case "refresh":
        return this.#o.onReport(message);
      case "error":
        return this.#drop(socket, `the Console said ${message.code}`);
    }
  }

  #welcome(socket: SimSocket, welcome: Welcome): void {
    const { lanes, tally } = this.#o;
    const known = welcome.lanes ?? [{ epoch: welcome.ack.epoch, acked_seq: welcome.ack.seq, credit: welcome.credit }];
    for (const lane of lanes) {
      const said = known.find((k) => k.epoch === lane.epoch);
      // A Console that knows no lanes takes every epoch all the same; from where, its acknowledgements will say.
      lane.credit = said?.credit ?? welcome.credit;
      if (lane.resume(said?.acked_seq ?? lane.acked, this.#heardMs)) continue;
      tally.counts.badAcks++;
      return this.#drop(socket, "the Console claims to have what was never sent");
    }
    this.#live = true;
    this.#o.onWelcome(welcome);
    this.#backoffMs = INTERVALS.reconnectMinMs;
    this.#connects++;
    tally.counts.connects++;
    tally.connectMs.add(this.#heardMs - this.#openedMs);
    this.pump(this.#heardMs);
  }

  #acknowledged(socket: SimSocket, { ack, credit, rejected }: Extract<StreamDown, { type: "ack" }>): void {
    const { lanes, tally } = this.#o;
    const lane = lanes.find((l) => l.epoch === ack.epoch);
    if (!lane) return;
    this.#rejected += rejected.length;
    tally.counts.rejected += rejected.length;
    lane.credit = credit;
    if (!lane.acknowledge(ack.seq, this.#heardMs, (ms) => tally.ackMs.add(ms))) {
      tally.counts.badAcks++;
      return this.#drop(socket, "the Console acknowledged what was never sent");
    }
    this.pump(this.#heardMs);
  }
}
