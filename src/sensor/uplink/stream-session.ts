import type { Clock } from "../../core/clock.ts";
import { compile } from "../../core/check.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { FRAME_DICTIONARY, type FrameDictionary } from "../../core/wire/dictionary.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import type { Heartbeat, HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { Inventory, InventoryResponse } from "../../core/wire/inventory.ts";
import { StreamDown, type StreamHello, type StreamUp, type StreamWelcome } from "../../core/wire/stream.ts";
import { refusalOf } from "../enroll/errors.ts";
import { decodeBody, encodeBody, eventsFrame } from "./codec.ts";
import type { LaneSender } from "./lane-sender.ts";
import type { Outbox } from "./outbox.ts";
import { StreamAsk } from "./stream-ask.ts";

const down = compile(StreamDown);
const MAX_BATCH_EVENTS = 2_000;
const MAX_BATCH_BYTES = 512 * 1024;
/** With a batch under way, the next one of the bulk lane waits for this many events or for the tick. */
const FULL_BATCH = 500;
/**
 * Bytes the socket may hold unsent before a lane waits: what has to go at once (alerts, answers to pings) is behind no more than that.
 * A backlog gives way first.
 */
const MAX_BUFFERED = { alert: 8 * 1024 * 1024, bulk: 512 * 1024, backlog: 128 * 1024 } as const;
const BUFFER_POLL_MS = 10;
const HEARTBEAT_TIMEOUT_MS = 15_000;
const INVENTORY_TIMEOUT_MS = 60_000;
/** A larger one is posted, beside the stream: an alert is never behind more of it than this. */
const MAX_INVENTORY_BYTES = 256 * 1024;
/** So often it is looked whether an inventory may follow on what is in the socket still. */
const ROOM_POLL_MS = 100;

export interface SessionOptions {
  readonly socket: WebSocket;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly hello: StreamHello;
  readonly tickMs: number;
  /** The Console asks that what is no alert is gathered so long, whether something is under way or not. */
  readonly isPaced: boolean;
  /** Without a sign of life for this long the link counts as dead. */
  readonly silenceMs: number;
  readonly onRefresh: (what: "heartbeat" | "inventory" | "certificate") => void;
  /** With how long the Console wants events gathered, when it says so. */
  readonly onWelcome: (tickMs: number | undefined) => void;
}

type Turn = { readonly sender: LaneSender; readonly room: number } | { readonly waitMs: number | undefined };

type Heard = Extract<StreamDown, { type: "heard" }>;
type Noted = Extract<StreamDown, { type: "noted" }>;

/** One life of the stream, from its open socket to its end. */
export class StreamSession {
  readonly #o: SessionOptions;
  readonly #end = new AbortController();
  /** Events that may be under way, by epoch; undefined before the welcome. */
  #credit: Map<string, number> | undefined;
  #dictionary: FrameDictionary | undefined;
  #renaming: Promise<void> | undefined;
  #takesHeartbeats = false;
  #takesInventories = false;
  readonly #beats: StreamAsk<Heard>;
  readonly #lists: StreamAsk<Noted>;
  #heardMs: number;
  #lastSendMs = -Infinity;
  #reason = "the sensor stops";

  constructor(options: SessionOptions) {
    this.#o = options;
    this.#heardMs = options.clock.monotonicMs();
    const { clock, socket } = options;
    const send = (frame: Uint8Array<ArrayBuffer>): void => socket.send(frame);
    this.#beats = new StreamAsk({ clock, send, timeoutMs: HEARTBEAT_TIMEOUT_MS });
    this.#lists = new StreamAsk({ clock, send, timeoutMs: INVENTORY_TIMEOUT_MS });
  }

  /** Runs until the socket closes, the signal aborts or the Console breaks the protocol. Resolves with why. */
  async run(signal: AbortSignal): Promise<string> {
    const { socket, outbox } = this.#o;
    const end = (why: string): void => this.leave(why);
    socket.binaryType = "arraybuffer";
    socket.onclose = (e) => end(`the Console closed the link (${e.code}${e.reason ? ` ${e.reason}` : ""})`);
    socket.onerror = () => end("the link broke");
    socket.onmessage = (e) => {
      this.#heardMs = this.#o.clock.monotonicMs();
      try {
        if (!this.#end.signal.aborted) this.#receive(e.data as string | ArrayBuffer, end);
      } catch (error) {
        end(errorMessage(error));
      }
    };
    const abort = (): void => {
      this.#end.abort();
      outbox.wake();
    };
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
      this.#beats.end();
      this.#lists.end();
      outbox.wake();
      signal.removeEventListener("abort", abort);
      socket.close();
      await watch;
      await this.#renaming;
    }
    return this.#reason;
  }

  /** Ends it from this side, for a reason that `run` resolves with. */
  leave(why: string): void {
    if (!this.#end.signal.aborted) this.#reason = why;
    this.#end.abort();
    this.#o.outbox.wake();
  }

  /** Looks at once whether something may be sent: the rhythm has changed. */
  look(): void {
    this.#o.outbox.wake();
  }

  /**
   * Sends a heartbeat on the stream. Resolves with the Console's answer, or with undefined when it has to be posted: the stream does not
   * take it or has ended. Rejects with the Console's refusal.
   */
  async heartbeat(body: Heartbeat): Promise<HeartbeatResponse | undefined> {
    if (!this.#takesHeartbeats || this.#end.signal.aborted) return undefined;
    const frameOf = (id: number): Uint8Array<ArrayBuffer> => encodeBody({ type: "heartbeat", id, heartbeat: body });
    const heard = await this.#beats.ask(frameOf, LIMITS.streamFrameBytes);
    if (typeof heard === "string") return undefined;
    if (heard.error) throw refusalOf(heard.error);
    return heard.answer;
  }

  /**
   * The same with an inventory, once little else is in the socket: it never stands before alerts. One the Console is slow to store is not
   * posted as well: AppError `unavailable`.
   */
  async inventory(body: Inventory): Promise<InventoryResponse | undefined> {
    const { socket, clock } = this.#o;
    const { signal } = this.#end;
    if (!this.#takesInventories) return undefined;
    while (socket.bufferedAmount > MAX_BUFFERED.backlog && !signal.aborted) await clock.sleep(ROOM_POLL_MS, signal);
    if (signal.aborted) return undefined;
    const frameOf = (id: number): Uint8Array<ArrayBuffer> => encodeBody({ type: "inventory", id, inventory: body });
    const noted = await this.#lists.ask(frameOf, MAX_INVENTORY_BYTES);
    if (noted === "late") throw new AppError("unavailable", "the Console is slow to store the inventory");
    if (noted === "unsent") return undefined;
    if (noted.error) throw refusalOf(noted.error, noted.error.retry_after_secs);
    return noted.answer;
  }

  #send(message: StreamUp): void {
    this.#o.socket.send(encodeBody(message));
  }

  #receive(data: string | ArrayBuffer, end: (why: string) => void): void {
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > LIMITS.streamFrameBytes) throw new AppError("too_large", `a frame of ${size} bytes from the Console`);
    const text = typeof data === "string";
    const message = down.parse(text ? JSON.parse(data) : decodeBody(new Uint8Array(data), this.#dictionary));
    const { outbox } = this.#o;
    switch (message.type) {
      case "welcome":
        this.#welcome(message, end);
        break;
      case "ack":
        outbox.applyAck(message.ack);
        outbox.applyRejected(message.rejected);
        this.#credit?.set(message.ack.epoch, message.credit);
        break;
      case "ping":
        this.#send({ type: "pong", id: message.id });
        break;
      case "refresh":
        this.#o.onRefresh(message.what);
        break;
      case "heard":
        this.#beats.answered(message);
        break;
      case "noted":
        this.#lists.answered(message);
        break;
      case "error":
        if (message.code === "clone_suspected") this.#rename(() => outbox.rekeyAll());
        end(`the Console refused: ${message.message.slice(0, 256)} (${message.code.slice(0, 64)})`);
        break;
    }
    outbox.wake();
  }

  #welcome(message: StreamWelcome, end: (why: string) => void): void {
    const { outbox, hello } = this.#o;
    const { epoch, seq } = message.ack;
    const lanes = message.lanes ?? [{ epoch, acked_seq: seq, credit: message.credit }];
    const foreign = lanes.filter((lane) => !outbox.welcome(lane.epoch, lane.acked_seq)).map((lane) => lane.epoch);
    if (foreign.length > 0) {
      this.#rename(async () => {
        for (const epoch of foreign) await outbox.rekeyForeign(epoch);
      });
      return end("the Console has events under this sensor's numbers that are not its own; it goes on under new ones");
    }
    // A Console without lanes grants one credit for all.
    const others = message.lanes ? 0 : message.credit;
    this.#credit = new Map((hello.lanes ?? []).map((lane) => [lane.epoch, others]));
    for (const lane of lanes) this.#credit.set(lane.epoch, lane.credit);
    this.#takesHeartbeats = message.heartbeats === true;
    this.#takesInventories = message.inventories === true;
    if (message.dictionary === FRAME_DICTIONARY.id) this.#dictionary = FRAME_DICTIONARY;
    this.#o.onWelcome(message.stream_tick_ms);
  }

  #rename(run: () => Promise<void>): void {
    this.#renaming = run().catch((error: unknown) =>
      this.#o.log.error("a sequence of events could not be renamed; it is tried again", { error }),
    );
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

  /**
   * Which lane sends next: the first in their order that has something, credit, and a socket that takes it. Otherwise how long to wait
   * before looking again; undefined: until something changes.
   */
  #turn(): Turn {
    const { outbox, socket, clock, tickMs, isPaced } = this.#o;
    let waitMs: number | undefined;
    const later = (ms: number): void => void (waitMs = Math.min(waitMs ?? ms, ms));
    let backlogs = 0;
    for (const sender of outbox.senders) {
      const { waiting, underWay, name } = sender;
      // One backlog after the other: they have one share of the credit.
      if (name === "backlog" && (waiting > 0 || underWay > 0) && backlogs++ > 0) break;
      const room = (this.#credit?.get(sender.epoch) ?? 0) - underWay;
      if (room <= 0 || waiting <= 0) continue;
      if (socket.bufferedAmount > MAX_BUFFERED[name]) {
        later(BUFFER_POLL_MS);
        continue;
      }
      const paceMs = this.#lastSendMs + tickMs - clock.monotonicMs();
      if (name === "bulk" && (underWay > 0 || isPaced) && waiting < FULL_BATCH && paceMs > 0) later(paceMs);
      else return { sender, room };
    }
    return { waitMs };
  }

  /** Sends at once on an idle link; of the bulk lane with batches under way, when there is a full one or the tick is over. */
  async #pump(): Promise<void> {
    const { outbox, socket, clock } = this.#o;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const turn = this.#turn();
      if ("sender" in turn) {
        const { sender, room } = turn;
        const batch = await sender.take(Math.min(room, MAX_BATCH_EVENTS), MAX_BATCH_BYTES);
        if (!batch || signal.aborted) continue;
        socket.send(eventsFrame(batch, { epoch: sender.epoch, lane: sender.name }, this.#dictionary));
        outbox.markSent(batch);
        if (sender.name === "bulk") this.#lastSendMs = clock.monotonicMs();
        continue;
      }
      const { waitMs } = turn;
      if (waitMs === undefined) {
        await outbox.changed;
        continue;
      }
      const waited = new AbortController();
      await Promise.race([outbox.changed, clock.sleep(waitMs, waited.signal)]);
      waited.abort();
    }
  }
}
