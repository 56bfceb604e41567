import { compile } from "../../core/check.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import { StreamDown, type StreamUp } from "../../core/wire/stream.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import type { Tally } from "../fleet/tally.ts";
import type { Wheel } from "../fleet/wheel.ts";
import { decode, encode } from "../link/codec.ts";
import { exchange, type HttpAnswer } from "../link/http.ts";
import type { ClientIdentity, Target } from "../link/tls.ts";
import { SimSocket } from "../link/websocket.ts";
import { hex16 } from "../mix.ts";
import type { NodeFacts } from "./facts.ts";
import { SimHeartbeats } from "./heartbeats.ts";
import { SimInventories } from "./inventories.ts";
import type { Lane } from "./lane.ts";
import { rogueFrame, type RogueKind } from "./rogue.ts";
import { machineHash, SIM_VERSION, systemOf, type NodeFigures } from "./state.ts";

const down = compile(StreamDown);
/** Nothing is sent while so much of what was is still with us. */
const MAX_WAITING_BYTES = 256 * 1024;
const OPEN_TIMEOUT_MS = 30_000;
const SILENCE_MS = 2.5 * INTERVALS.streamPingMs;
/** More than this is not gathered. */
const FULL_BATCH = 500;

export interface NodeOptions {
  readonly facts: NodeFacts;
  readonly identity: ClientIdentity;
  readonly target: Target;
  readonly lanes: readonly Lane[];
  readonly ended: readonly { readonly epoch: string; readonly last_seq: number }[];
  readonly rogue: RogueKind | undefined;
  readonly flaps: boolean;
  readonly run: number;
  readonly skewMs: number;
  /** When the sensor starts, on `performance.now`. */
  readonly startMs: number;
  readonly wheel: Wheel;
  readonly tally: Tally;
}

/**
 * One simulated sensor, as the Console sees a real one: certificate, stream, heartbeats with the sockets that changed, and a process list of
 * a host's size in the rhythm the Console asks for. What it leaves out: events by the heartbeat, renewal, a backlog lane, the dictionary.
 */
export class SimNode {
  readonly #o: NodeOptions;
  #socket: SimSocket | undefined;
  #live = false;
  #ended = false;
  #refused = false;
  #backoffMs: number = INTERVALS.reconnectMinMs;
  #openedMs = 0;
  #heardMs = 0;
  /** As the Console asks: so long events other than alerts are gathered. */
  #paceMs = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  #connects = 0;
  #rejected = 0;
  readonly #beats: SimHeartbeats;
  readonly #inventories: SimInventories;
  #turns = 0;

  constructor(options: NodeOptions) {
    this.#o = options;
    const { facts, wheel, tally } = options;
    const way = {
      facts,
      wheel,
      tally,
      nowUs: () => this.#nowUs(),
      send: (frame: StreamUp) => this.#send(encode(frame)),
    };
    this.#inventories = new SimInventories({ ...way, post: (value) => this.#post("/inventory", value) });
    this.#beats = new SimHeartbeats({
      ...way,
      post: (value) => this.#post("/heartbeat", value),
      figures: () => this.#figures(),
      isOpening: () => this.#socket !== undefined && !this.#live,
      onAnswer: (answer) => {
        this.#paceMs = answer.stream_tick_ms ?? 0;
        this.#inventories.told(answer.inventory_interval_secs, answer.want_full);
      },
    });
  }

  get index(): number {
    return this.#o.facts.index;
  }

  get lanes(): readonly Lane[] {
    return this.#o.lanes;
  }

  get rogue(): RogueKind | undefined {
    return this.#o.rogue;
  }

  get live(): boolean {
    return this.#live;
  }

  get drained(): boolean {
    return this.lanes.every((lane) => lane.acked === lane.generated);
  }

  start(): void {
    const { wheel, flaps } = this.#o;
    this.#connect();
    wheel.after(Math.random() * 1_000, () => void this.#beats.run());
    if (flaps) wheel.after(5_000 + Math.random() * 20_000, () => this.#flap());
  }

  /** No more connections; what is open is closed. */
  stop(): void {
    this.#ended = true;
    this.#live = false;
    this.#beats.stop();
    this.#inventories.stop();
    this.#socket?.cut();
    this.#socket = undefined;
  }

  /** Half a second's work: makes what has happened until `untilMs` and sends what may be sent. */
  tick(nowMs: number, untilMs: number): void {
    for (const lane of this.lanes) lane.generate(Math.min(nowMs, untilMs) - this.#o.startMs);
    if (this.#socket && nowMs - this.#heardMs > (this.#live ? SILENCE_MS : OPEN_TIMEOUT_MS))
      return this.#drop(this.#socket, "nothing was heard from the Console");
    if (this.#live && this.#o.rogue !== undefined && this.#turns++ % 4 === 0) this.#misbehave(this.#o.rogue);
    this.#pump(nowMs);
  }

  #figures(): Omit<NodeFigures, "heartbeatFailures"> {
    const { lanes } = this.#o;
    const sum = (of: (lane: Lane) => number): number => lanes.reduce((total, lane) => total + of(lane), 0);
    return {
      generated: sum((l) => l.generated),
      sent: sum((l) => l.sent),
      acked: sum((l) => l.acked),
      missing: sum((l) => l.missing),
      waiting: sum((l) => l.generated - l.acked),
      rejected: this.#rejected,
      reconnects: Math.max(0, this.#connects - 1),
      connected: this.#live,
    };
  }

  #nowUs(): number {
    return Math.round((Date.now() + this.#o.skewMs) * 1000);
  }

  #connect(): void {
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

  #drop(socket: SimSocket, why: string): void {
    if (this.#socket !== socket) return;
    socket.cut();
    this.#socket = undefined;
    this.#beats.calls.ended();
    this.#inventories.calls.ended();
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
    wheel.after(this.#backoffMs * (0.5 + Math.random() / 2), () => this.#connect());
    this.#backoffMs = Math.min(this.#backoffMs * 2, INTERVALS.reconnectMaxMs);
  }

  #send(bytes: Uint8Array): void {
    const { tally } = this.#o;
    tally.counts.framesSent++;
    tally.counts.bytesSent += bytes.length;
    this.#socket?.send(bytes);
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
    this.#send(encode(hello));
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
    const { tally } = this.#o;
    switch (message.type) {
      case "welcome":
        return this.#welcome(socket, message);
      case "ack": {
        const lane = this.lanes.find((l) => l.epoch === message.ack.epoch);
        if (!lane) return;
        this.#rejected += message.rejected.length;
        tally.counts.rejected += message.rejected.length;
        lane.credit = message.credit;
        if (!lane.acknowledge(message.ack.seq, this.#heardMs, (ms) => tally.ackMs.add(ms))) {
          tally.counts.badAcks++;
          return this.#drop(socket, "the Console acknowledged what was never sent");
        }
        return this.#pump(this.#heardMs);
      }
      case "ping":
        return this.#send(encode({ type: "pong", id: message.id }));
      case "heard":
        return this.#beats.calls.heard(message);
      case "noted":
        return this.#inventories.calls.heard(message);
      case "refresh":
        tally.counts.refreshes++;
        if (message.what === "heartbeat") void this.#beats.send();
        else if (message.what === "inventory") this.#inventories.refresh();
        return;
      case "error":
        return this.#drop(socket, `the Console said ${message.code}`);
    }
  }

  #welcome(socket: SimSocket, welcome: Extract<StreamDown, { type: "welcome" }>): void {
    const { tally } = this.#o;
    const known = welcome.lanes ?? [{ epoch: welcome.ack.epoch, acked_seq: welcome.ack.seq, credit: welcome.credit }];
    for (const lane of this.lanes) {
      const said = known.find((k) => k.epoch === lane.epoch);
      // A Console that knows no lanes takes every epoch all the same; from where, its acknowledgements will say.
      lane.credit = said?.credit ?? welcome.credit;
      if (lane.resume(said?.acked_seq ?? lane.acked, this.#heardMs)) continue;
      tally.counts.badAcks++;
      return this.#drop(socket, "the Console claims to have what was never sent");
    }
    this.#live = true;
    this.#beats.calls.taken = welcome.heartbeats === true;
    this.#inventories.calls.taken = welcome.inventories === true;
    this.#backoffMs = INTERVALS.reconnectMinMs;
    this.#connects++;
    tally.counts.connects++;
    tally.connectMs.add(this.#heardMs - this.#openedMs);
    this.#pump(this.#heardMs);
  }

  #pump(nowMs: number): void {
    // Alerts go first.
    for (let i = this.lanes.length - 1; i >= 0; i--) {
      const lane = this.lanes[i]!;
      const gathers = nowMs - this.#sentMs < this.#paceMs && lane.waiting < FULL_BATCH;
      if (lane.name !== "alert" && gathers) continue;
      while (this.#live && this.#socket && this.#socket.waitingBytes < MAX_WAITING_BYTES) {
        const batch = lane.nextBatch(nowMs);
        if (!batch) break;
        this.#send(batch);
        if (lane.name !== "alert") this.#sentMs = nowMs;
      }
    }
  }

  #misbehave(kind: RogueKind): void {
    const frame = rogueFrame(kind, this.lanes[0]!, this.#turns >> 2);
    if (!frame) return;
    this.#o.tally.counts.rogueActs++;
    this.#send(frame);
  }

  #flap(): void {
    if (this.#ended) return;
    if (this.#socket) this.#drop(this.#socket, "flapping");
    this.#backoffMs = INTERVALS.reconnectMinMs;
    this.#o.wheel.after(5_000 + Math.random() * 20_000, () => this.#flap());
  }

  #post(path: string, value: unknown): Promise<HttpAnswer | string> {
    const headers = { "Content-Type": "application/msgpack", "Content-Encoding": "zstd", Accept: "application/json" };
    const body = encode(value);
    this.#o.tally.counts.bytesSent += body.length;
    return exchange(this.#o.target, this.#o.identity, {
      method: "POST",
      path: `/api/v1/sensors${path}`,
      headers,
      body,
    });
  }
}
