import type { Clock } from "../../core/clock.ts";
import { compile } from "../../core/check.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import { StreamDown, type StreamUp } from "../../core/wire/stream.ts";
import { decodeBody, encodeBody, eventsFrame } from "./codec.ts";
import type { Outbox } from "./outbox.ts";

const down = compile(StreamDown);
const MAX_BATCH_EVENTS = 2_000;
const MAX_BATCH_BYTES = 512 * 1024;
/** With a batch under way, the next one waits for this many events or for the tick. */
const FULL_BATCH = 500;

export interface SessionOptions {
  readonly socket: WebSocket;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly hello: Extract<StreamUp, { type: "hello" }>;
  readonly tickMs: number;
  /** Without a sign of life for this long the link counts as dead. */
  readonly silenceMs: number;
  readonly onRefresh: (what: "heartbeat" | "inventory" | "certificate") => void;
  readonly onWelcome: () => void;
}

/** One life of the stream, from its open socket to its end. */
export class StreamSession {
  readonly #o: SessionOptions;
  readonly #end = new AbortController();
  #welcomed = false;
  #credit = 0;
  #heardMs: number;
  #lastSendMs = -Infinity;

  constructor(options: SessionOptions) {
    this.#o = options;
    this.#heardMs = options.clock.monotonicMs();
  }

  /** Runs until the socket closes, the signal aborts or the Console breaks the protocol. Resolves with why. */
  async run(signal: AbortSignal): Promise<string> {
    const { socket, outbox } = this.#o;
    let reason = "the sensor stops";
    const end = (why: string): void => {
      if (!this.#end.signal.aborted) reason = why;
      this.#end.abort();
    };
    socket.binaryType = "arraybuffer";
    socket.onclose = (e) => end(`the Console closed the link (${e.code}${e.reason ? ` ${e.reason}` : ""})`);
    socket.onerror = () => end("the link broke");
    socket.onmessage = (e) => {
      this.#heardMs = this.#o.clock.monotonicMs();
      try {
        this.#receive(e.data as string | ArrayBuffer, end);
      } catch (error) {
        end(errorMessage(error));
      }
    };
    const abort = (): void => this.#end.abort();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const watch = this.#watchSilence(end);
    try {
      this.#send(this.#o.hello);
      await this.#pump();
    } catch (error) {
      end(errorMessage(error));
    } finally {
      this.#end.abort();
      outbox.wake();
      signal.removeEventListener("abort", abort);
      socket.close();
      await watch;
    }
    return reason;
  }

  #send(message: StreamUp): void {
    this.#o.socket.send(encodeBody(message));
  }

  #receive(data: string | ArrayBuffer, end: (why: string) => void): void {
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > LIMITS.streamFrameBytes) throw new AppError("too_large", `a frame of ${size} bytes from the Console`);
    const message = down.parse(typeof data === "string" ? JSON.parse(data) : decodeBody(new Uint8Array(data)));
    const { outbox } = this.#o;
    switch (message.type) {
      case "welcome":
        // What the Console has from before may be more than the spool knows of: acknowledgements get lost on the way.
        outbox.applyAck(message.ack, outbox.nextSeq - 1);
        this.#credit = message.credit;
        this.#welcomed = true;
        this.#o.onWelcome();
        break;
      case "ack":
        outbox.applyAck(message.ack);
        outbox.applyRejected(message.rejected);
        this.#credit = message.credit;
        break;
      case "ping":
        this.#send({ type: "pong", id: message.id });
        break;
      case "refresh":
        this.#o.onRefresh(message.what);
        break;
      case "error":
        end(`the Console refused: ${message.message.slice(0, 256)} (${message.code.slice(0, 64)})`);
        break;
    }
    outbox.wake();
  }

  async #watchSilence(end: (why: string) => void): Promise<void> {
    const { clock, silenceMs } = this.#o;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const leftMs = this.#heardMs + silenceMs - clock.monotonicMs();
      if (leftMs <= 0) return end(`nothing was heard from the Console for ${silenceMs / 1000} s`);
      await clock.sleep(leftMs, signal);
    }
  }

  /** Sends at once on an idle link; with batches under way, when there is a full one or the tick is over. */
  async #pump(): Promise<void> {
    const { outbox, socket, clock, tickMs } = this.#o;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const room = this.#welcomed ? this.#credit - outbox.underWay : 0;
      const waitMs =
        outbox.underWay === 0 || outbox.waiting >= FULL_BATCH ? 0 : this.#lastSendMs + tickMs - clock.monotonicMs();
      if (room > 0 && outbox.waiting > 0 && waitMs <= 0) {
        const batch = await outbox.take(Math.min(room, MAX_BATCH_EVENTS), MAX_BATCH_BYTES);
        if (batch && !signal.aborted) {
          socket.send(eventsFrame(batch, outbox.epoch));
          outbox.markSent(batch);
          this.#lastSendMs = clock.monotonicMs();
          continue;
        }
      }
      const turn = new AbortController();
      const both = AbortSignal.any([signal, turn.signal]);
      const timed = room > 0 && outbox.waiting > 0 && waitMs > 0;
      await Promise.race([outbox.woken(both), ...(timed ? [clock.sleep(waitMs, both)] : [])]);
      turn.abort();
    }
  }
}
