import { AppError, errorMessage } from "../../core/error.ts";
import type { Ack } from "../../core/wire/common.ts";
import type { StreamDown, StreamUp } from "../../core/wire/stream.ts";
import type { SensorPeer } from "../http/env.ts";
import type { ClientSocket, SocketHandler } from "../http/socket.ts";
import { checkProtocol } from "../trust/service.ts";
import { readEnvelope } from "./check-batch.ts";
import { readFrame, writeFrame } from "./frames.ts";
import type { Ingest } from "./service.ts";

/** Events one sensor may have under way, whatever credit it remembers. */
const MAX_UNDER_WAY = 20_000;

/** WebSocket close codes: try again later, and violation of the protocol. */
const TRY_LATER = 1013;
const VIOLATION = 1008;

export interface SessionHost {
  readonly ingest: Ingest;
  nowMs(): number;
  /** Events this sensor may have under way. */
  credit(): number;
  arrived(session: StreamSession): void;
  opened(session: StreamSession): void;
  closed(session: StreamSession): void;
}

/** One sensor's stream: hello → welcome, then batches → acknowledgements. */
export class StreamSession implements SocketHandler {
  readonly peer: SensorPeer;
  /** Rejects once the Console no longer stands by the sensor. */
  readonly recheck: () => Promise<unknown>;
  readonly openedMs: number;
  pingDueMs = 0;
  /** When anything was last heard of the sensor. */
  heardMs: number;
  ready = false;
  readonly #host: SessionHost;
  #socket: ClientSocket | undefined;
  #ack: Ack | undefined;
  #credit = 0;
  #underWay = 0;
  #pings = 0;

  constructor(peer: SensorPeer, recheck: () => Promise<unknown>, host: SessionHost) {
    this.peer = peer;
    this.recheck = recheck;
    this.#host = host;
    this.openedMs = host.nowMs();
    this.heardMs = this.openedMs;
  }

  open(socket: ClientSocket): void {
    this.#socket = socket;
    this.#host.arrived(this);
  }

  message(_socket: ClientSocket, frame: string | Buffer): void {
    this.heardMs = this.#host.nowMs();
    let up: StreamUp;
    try {
      up = readFrame(frame);
      if (up.type === "hello") checkProtocol(up.protocol_version);
    } catch (error) {
      return this.#violation(error);
    }
    switch (up.type) {
      case "hello":
        return void this.#hello(up.epoch);
      case "events":
        return void this.#events(up.batch);
      case "pong":
        return;
    }
  }

  close(): void {
    this.#socket = undefined;
    this.ready = false;
    this.#host.closed(this);
  }

  /** Ends the stream from this side. */
  end(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  /** Ends the stream without a word: the other side does not listen. */
  drop(): void {
    this.#socket?.terminate();
  }

  ping(): void {
    const message: StreamDown = { type: "ping", id: this.#pings++, server_time_us: this.#host.nowMs() * 1000 };
    this.#socket?.send(JSON.stringify(message));
  }

  refresh(what: "heartbeat" | "inventory"): void {
    this.#send({ type: "refresh", what });
  }

  /** Tells the sensor its credit when it changed between nothing and something. */
  regrant(): void {
    if (!this.ready || !this.#ack) return;
    const credit = this.#host.credit();
    if (credit === 0 ? this.#credit > 0 : this.#credit === 0) this.#acknowledge(this.#ack, []);
  }

  async #hello(epoch: string): Promise<void> {
    try {
      const seq = await this.#host.ingest.cursor(this.peer, epoch);
      this.#ack = { epoch, seq };
      this.#credit = this.#host.credit();
      this.#send({ type: "welcome", ack: this.#ack, credit: this.#credit, server_time_us: this.#host.nowMs() * 1000 });
      if (!this.#socket || this.ready) return;
      this.ready = true;
      this.#host.opened(this);
    } catch (error) {
      this.#later(error);
    }
  }

  async #events(body: unknown): Promise<void> {
    if (!this.ready) return this.#violation(new AppError("invalid_request", "The first frame must be hello."));
    let count = 0;
    try {
      const batch = readEnvelope(body, "/batch");
      count = batch.events.length;
      if (this.#underWay + count > MAX_UNDER_WAY)
        throw new AppError("rate_limited", "More events are under way than were granted.");
      this.#underWay += count;
      const { ack, rejected } = await this.#host.ingest.accept(this.peer, batch);
      this.#underWay -= count;
      this.#acknowledge(ack, rejected);
    } catch (error) {
      this.#underWay -= count;
      if (error instanceof AppError && error.code === "invalid_request") this.#violation(error);
      else this.#later(error);
    }
  }

  #acknowledge(ack: Ack, rejected: Extract<StreamDown, { type: "ack" }>["rejected"]): void {
    this.#ack = ack;
    this.#credit = this.#host.credit();
    this.#send({ type: "ack", ack, credit: this.#credit, rejected });
  }

  /** What the sensor sent cannot be read: said, counted, ended. */
  #violation(error: unknown): void {
    this.#host.ingest.countMalformed(this.peer);
    const code = error instanceof AppError ? error.code : "internal";
    const message = error instanceof AppError ? error.message : "The frame could not be read.";
    this.#send({ type: "error", code, message: message.slice(0, 1024) });
    this.end(VIOLATION, code);
  }

  /** Nothing was kept: the sensor has all of it and begins anew from the next welcome. */
  #later(error: unknown): void {
    const message = error instanceof AppError ? error.message : "The Console cannot take events now.";
    this.#send({ type: "error", code: error instanceof AppError ? error.code : "internal", message });
    this.end(TRY_LATER, errorMessage(error).slice(0, 100));
  }

  #send(message: StreamDown): void {
    this.#socket?.send(writeFrame(message));
  }
}
