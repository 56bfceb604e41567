import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { FRAME_DICTIONARY } from "../../core/wire/dictionary.ts";
import type { Heartbeat, HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { Inventory, InventoryResponse } from "../../core/wire/inventory.ts";
import { INTERVALS } from "../../core/wire/limits.ts";
import type { SensorInstance, StreamHello } from "../../core/wire/stream.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import type { Outbox } from "./outbox.ts";
import { StreamSession } from "./stream-session.ts";
import type { UplinkTls } from "./tls.ts";
import { DISTRUST_RETRY_MS, type Trust } from "./trust.ts";

const OPEN_TIMEOUT_MS = 15_000;
/** Pings come every 10 s: two and a half of them missed. */
const SILENCE_MS = 25_000;

const RENEWED = "the certificate was renewed";

export interface StreamOptions {
  readonly url: URL;
  readonly tls: UplinkTls;
  readonly outbox: Outbox;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: Log;
  readonly sensorVersion: string;
  readonly instance: SensorInstance;
  readonly tickMs: number;
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
  readonly onRefresh: (what: "heartbeat" | "inventory" | "certificate") => void;
  /** Called when the stream comes up or goes down. */
  readonly onState: (connected: boolean) => void;
}

/** Keeps the WebSocket to the Console alive: reconnects with backoff and jitter for as long as it runs. */
export class Stream implements Service {
  readonly name = "stream";
  readonly #o: StreamOptions;
  readonly #log: Log;
  #session: StreamSession | undefined;
  #openedWith: UplinkTls | undefined;
  /** Of the connection that is being opened; ends once it stands or has failed. */
  #attempt: PromiseWithResolvers<void> | undefined;
  #paceMs: number | undefined;
  connected = false;
  /** Connections after the first. */
  reconnects = 0;

  constructor(options: StreamOptions) {
    this.#o = options;
    this.#log = options.log.child("stream");
  }

  /**
   * Sends a heartbeat by the open stream; undefined when it has to be posted. After a renewal it is: the new certificate counts once it
   * was shown, and an open stream keeps the old one.
   */
  async heartbeat(body: Heartbeat): Promise<HeartbeatResponse | undefined> {
    return this.#isOutdated ? undefined : this.#session?.heartbeat(body);
  }

  /** Sends an inventory by the open stream; undefined when it has to be posted. */
  async inventory(body: Inventory): Promise<InventoryResponse | undefined> {
    return this.#session?.inventory(body);
  }

  /** The Console's wish how long events are gathered; undefined when it has none. */
  pace(tickMs: number | undefined): void {
    if (tickMs === this.#paceMs) return;
    this.#paceMs = tickMs;
    this.#session?.look();
  }

  /** Resolves once it is known whether there is a stream: at once, but for one that is being opened. */
  async settled(): Promise<void> {
    await this.#attempt?.promise;
  }

  /**
   * The certificate was renewed: a stream that was opened with the old one is opened anew, so that the Console sees the old one out of
   * use. What is under way is sent again and counts once.
   */
  renewed(): void {
    if (this.#isOutdated) this.#session?.leave(RENEWED);
  }

  get #isOutdated(): boolean {
    return this.#o.tls.cert !== this.#openedWith?.cert;
  }

  async run(signal: AbortSignal): Promise<void> {
    const {
      clock,
      trust,
      reconnectMinMs = INTERVALS.reconnectMinMs,
      reconnectMaxMs = INTERVALS.reconnectMaxMs,
    } = this.#o;
    let backoffMs: number = reconnectMinMs;
    let tries = 0;
    let quiet = false;
    while (!signal.aborted) {
      const attempt = (this.#attempt = Promise.withResolvers<void>());
      const socket = await this.#open(signal);
      if (typeof socket === "string") attempt.resolve();
      if (typeof socket !== "string") {
        backoffMs = reconnectMinMs;
        if (tries++ > 0) this.reconnects++;
        const why = await this.#live(socket, signal);
        attempt.resolve();
        if (signal.aborted) break;
        quiet = false;
        if (why === RENEWED) {
          this.#log.info("the stream is opened again", { why });
          continue;
        }
        this.#log.warn("the stream ended; it is opened again", { why });
      } else if (!quiet && !signal.aborted) {
        // Once is enough: the Console may be away for long.
        this.#log.warn("the stream can't be opened; it is tried on, events go by heartbeat or stay in the spool", {
          why: socket,
        });
        quiet = true;
      }
      await clock.sleep(
        trust.trusted ? backoffMs * (0.5 + Math.random() / 2) : DISTRUST_RETRY_MS,
        AbortSignal.any([signal, trust.changed]),
      );
      backoffMs = Math.min(backoffMs * 2, reconnectMaxMs);
    }
  }

  /** An open socket, or why there is none. */
  async #open(signal: AbortSignal): Promise<WebSocket | string> {
    const target = new URL("/api/v1/sensors/stream", this.#o.url);
    target.protocol = "wss:";
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    // Bun's second argument; the browser's type, which is in scope too, knows only protocols.
    this.#openedWith = this.#o.tls;
    const socket = new WebSocket(target, { tls: { ...this.#openedWith } } as unknown as string[]);
    const wait = new AbortController();
    socket.onopen = () => resolve(undefined);
    socket.onerror = (e) => resolve((e as ErrorEvent).message || "the connection failed");
    socket.onclose = (e) => resolve(e.reason || `closed with ${e.code}`);
    const both = AbortSignal.any([signal, wait.signal]);
    void this.#o.clock.sleep(OPEN_TIMEOUT_MS, both).then(() => resolve("no answer"));
    const problem = await promise;
    wait.abort();
    if (problem === undefined && !signal.aborted) return socket;
    socket.close();
    return problem ?? "the sensor stops";
  }

  #hello(): StreamHello {
    const { outbox, sensorVersion, instance } = this.#o;
    const lanes = outbox.senders.map((sender) => sender.state);
    const bulk = lanes.find((lane) => lane.lane === "bulk")!;
    return {
      type: "hello",
      protocol_version: PROTOCOL_VERSION,
      sensor_version: sensorVersion,
      epoch: bulk.epoch,
      next_seq: bulk.next_seq,
      lanes,
      ended: [...outbox.ended],
      instance,
      dictionaries: [FRAME_DICTIONARY.id],
    };
  }

  async #live(socket: WebSocket, signal: AbortSignal): Promise<string> {
    const { outbox, clock, tickMs, onRefresh, onState } = this.#o;
    // Read at each turn: the Console may change its mind.
    const paceMs = (): number | undefined => this.#paceMs;
    let claim = outbox.claim("stream");
    while (!claim && !signal.aborted && socket.readyState === WebSocket.OPEN) {
      // The fallback path may wait long for an answer that does not come, and there is a better way now.
      outbox.want();
      await outbox.woken(AbortSignal.any([signal, AbortSignal.timeout(1_000)]));
      claim = outbox.claim("stream");
    }
    if (!claim) {
      socket.close();
      return "it closed before anything was sent";
    }
    using _held = claim;
    await outbox.prepare();
    const session = new StreamSession({
      socket,
      outbox,
      clock,
      log: this.#log,
      hello: this.#hello(),
      get tickMs() {
        return paceMs() ?? tickMs;
      },
      get isPaced() {
        return paceMs() !== undefined;
      },
      silenceMs: SILENCE_MS,
      onRefresh,
      onWelcome: (tickMs) => {
        this.connected = true;
        if (tickMs !== undefined) this.pace(tickMs);
        this.#attempt?.resolve();
        this.#log.info("the stream is up", { console: this.#o.url.origin });
        onState(true);
      },
    });
    this.#session = session;
    // It may have been renewed while the connection was made.
    this.renewed();
    try {
      return await session.run(signal);
    } finally {
      this.#session = undefined;
      this.connected = false;
      onState(false);
    }
  }
}
