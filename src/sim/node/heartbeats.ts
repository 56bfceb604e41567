import { compile } from "../../core/check.ts";
import { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import type { StreamDown, StreamUp } from "../../core/wire/stream.ts";
import type { Tally } from "../fleet/tally.ts";
import type { Wheel } from "../fleet/wheel.ts";
import type { HttpAnswer } from "../link/http.ts";
import { StreamCalls, untilOpened } from "./beats.ts";
import type { NodeFacts } from "./facts.ts";
import { changedSockets } from "./sockets.ts";
import { heartbeatOf, type NodeFigures } from "./state.ts";

const heartbeatResponse = compile(HeartbeatResponse);

export interface SimHeartbeatsOptions {
  readonly facts: NodeFacts;
  readonly wheel: Wheel;
  readonly tally: Tally;
  readonly nowUs: () => number;
  readonly figures: () => Omit<NodeFigures, "heartbeatFailures">;
  /** A stream is being opened. */
  readonly isOpening: () => boolean;
  readonly send: (frame: StreamUp) => void;
  readonly post: (value: unknown) => Promise<HttpAnswer | string>;
  readonly onAnswer: (answer: HeartbeatResponse) => void;
}

/** Heartbeats of a simulated sensor: by the stream where there is one, now and then with the sockets that changed. */
export class SimHeartbeats {
  readonly calls = new StreamCalls<Extract<StreamDown, { type: "heard" }>>();
  readonly #o: SimHeartbeatsOptions;
  #ended = false;
  #wantFull = true;
  /** From when on the next one carries sockets, as with the sensor: in the rhythm of inventories, and not the first. */
  #socketsMs = Infinity;
  #failures = 0;
  /** Those that arrived. */
  #sent = 0;

  constructor(options: SimHeartbeatsOptions) {
    this.#o = options;
  }

  /** Sends one, and from then on one after the other. */
  async run(): Promise<void> {
    await untilOpened(this.#o.wheel, () => this.#o.isOpening() && !this.#ended);
    if (this.#ended) return;
    await this.send();
    // Jitter, so that a fleet that started together does not stay together.
    this.#o.wheel.after(INTERVALS.heartbeatMs * (0.9 + Math.random() / 5), () => void this.run());
  }

  /** No more of them. */
  stop(): void {
    this.#ended = true;
    this.calls.ended();
  }

  async send(): Promise<void> {
    const { facts, tally, figures, nowUs, send, onAnswer } = this.#o;
    const atMs = performance.now();
    const atUs = nowUs();
    const full = this.#wantFull;
    const state = heartbeatOf(facts, { ...figures(), heartbeatFailures: this.#failures }, atUs, full);
    const isDue = atMs >= this.#socketsMs;
    const heartbeat = isDue ? { ...state, ...changedSockets(facts, this.#sent, atUs) } : state;
    const answer =
      (await this.calls.send(send, (id) => ({ type: "heartbeat", id, heartbeat }))) ?? (await this.#post(heartbeat));
    if (this.#ended) return;
    if (typeof answer === "string") {
      this.#failures++;
      tally.counts.heartbeatFailures++;
      return tally.reason(`heartbeat: ${answer}`);
    }
    const everyMs = (answer.inventory_interval_secs ?? 0) * 1000;
    if (isDue) this.#socketsMs = atMs + everyMs;
    else if (this.#socketsMs === Infinity) this.#socketsMs = atMs + everyMs * Math.random();
    this.#sent++;
    tally.counts.heartbeats++;
    tally.heartbeatMs.add(performance.now() - atMs);
    this.#wantFull = answer.want_full && !full;
    onAnswer(answer);
  }

  async #post(body: unknown): Promise<HeartbeatResponse | string> {
    const answer = await this.#o.post(body);
    if (typeof answer === "string") return answer;
    if (answer.status !== 200) return String(answer.status);
    const response = JSON.parse(Buffer.from(answer.body).toString()) as unknown;
    return heartbeatResponse.is(response) ? response : "an answer that is none";
  }
}
