import type { StreamUp } from "../../core/wire/stream.ts";
import type { Tally } from "../fleet/tally.ts";
import type { Wheel } from "../fleet/wheel.ts";
import { encode } from "../link/codec.ts";
import { exchange, type HttpAnswer } from "../link/http.ts";
import type { ClientIdentity, Target } from "../link/tls.ts";
import type { NodeFacts } from "./facts.ts";
import { SimHeartbeats } from "./heartbeats.ts";
import { SimInventories } from "./inventories.ts";
import type { Lane } from "./lane.ts";
import { rogueFrame, type RogueKind } from "./rogue.ts";
import type { NodeFigures } from "./state.ts";
import { SimStream, type ReportMessage } from "./stream.ts";

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
  readonly #stream: SimStream;
  readonly #beats: SimHeartbeats;
  readonly #inventories: SimInventories;
  #ended = false;
  #turns = 0;

  constructor(options: NodeOptions) {
    this.#o = options;
    const { facts, wheel, tally } = options;
    this.#stream = new SimStream({
      ...options,
      onWelcome: (welcome) => {
        this.#beats.calls.taken = welcome.heartbeats === true;
        this.#inventories.calls.taken = welcome.inventories === true;
        this.#stream.paceMs = welcome.stream_tick_ms ?? this.#stream.paceMs;
      },
      onReport: (message) => this.#reported(message),
      onDropped: () => {
        this.#beats.calls.ended();
        this.#inventories.calls.ended();
      },
    });
    const way = {
      facts,
      wheel,
      tally,
      nowUs: () => this.#nowUs(),
      send: (frame: StreamUp) => this.#stream.send(encode(frame)),
    };
    this.#inventories = new SimInventories({ ...way, post: (value) => this.#post("/inventory", value) });
    this.#beats = new SimHeartbeats({
      ...way,
      post: (value) => this.#post("/heartbeat", value),
      figures: () => this.#figures(),
      isOpening: () => this.#stream.isOpening,
      onAnswer: (answer) => {
        this.#stream.paceMs = answer.stream_tick_ms ?? 0;
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
    return this.#stream.live;
  }

  get drained(): boolean {
    return this.lanes.every((lane) => lane.acked === lane.generated);
  }

  start(): void {
    const { wheel, flaps } = this.#o;
    this.#stream.connect();
    wheel.after(Math.random() * 1_000, () => void this.#beats.run());
    if (flaps) wheel.after(5_000 + Math.random() * 20_000, () => this.#flap());
  }

  /** No more connections; what is open is closed. */
  stop(): void {
    this.#ended = true;
    this.#beats.stop();
    this.#inventories.stop();
    this.#stream.stop();
  }

  /** Half a second's work: makes what has happened until `untilMs` and sends what may be sent. */
  tick(nowMs: number, untilMs: number): void {
    for (const lane of this.lanes) lane.generate(Math.min(nowMs, untilMs) - this.#o.startMs);
    if (this.#stream.dropSilent(nowMs)) return;
    if (this.live && this.#o.rogue !== undefined && this.#turns++ % 4 === 0) this.#misbehave(this.#o.rogue);
    this.#stream.pump(nowMs);
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
      rejected: this.#stream.rejected,
      reconnects: Math.max(0, this.#stream.connects - 1),
      connected: this.live,
    };
  }

  #nowUs(): number {
    return Math.round((Date.now() + this.#o.skewMs) * 1000);
  }

  #reported(message: ReportMessage): void {
    switch (message.type) {
      case "heard":
        return this.#beats.calls.heard(message);
      case "noted":
        return this.#inventories.calls.heard(message);
      case "refresh":
        this.#o.tally.counts.refreshes++;
        if (message.what === "heartbeat") void this.#beats.send();
        else if (message.what === "inventory") this.#inventories.refresh();
    }
  }

  #misbehave(kind: RogueKind): void {
    const frame = rogueFrame(kind, this.lanes[0]!, this.#turns >> 2);
    if (!frame) return;
    this.#o.tally.counts.rogueActs++;
    this.#stream.send(frame);
  }

  #flap(): void {
    if (this.#ended) return;
    this.#stream.flap();
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
