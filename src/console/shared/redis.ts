import { RedisClient } from "bun";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import { DROPPED, readEnvelope, type MessageBus } from "./bus.ts";
import type { Envelope, InstanceId, Link, SharedLimits } from "./contract.ts";
import { BUCKET_SCRIPT } from "./bucket-script.ts";

const CONNECT_TIMEOUT_MS = 2_000;
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 5_000;
const PING_MS = 1_000;
/** A command that takes longer counts as unanswered; the request that waits for it is judged locally. */
const ANSWER_MS = 150;
const MAX_MESSAGE_CHARS = 1024 * 1024;
/** Characters handed to the client and not answered yet. */
const MAX_WAITING_CHARS = 8 * 1024 * 1024;

export interface RedisOptions {
  readonly url: Secret;
  /** Begins every key and channel: one server may serve several installations. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** One pair of connections: commands, and what others publish. */
interface Life {
  readonly commands: RedisClient;
  readonly listener: RedisClient;
}

/**
 * What replicas share through Redis: messages and rate limits. Everything here may fail at any time and nothing waits for it: while
 * Redis is away messages are dropped, counted, limits are local, and a new connection is tried until it stands.
 */
export class RedisLink implements Service, Link, SharedLimits {
  readonly name = "redis";
  readonly #options: RedisOptions;
  readonly #bus: MessageBus;
  readonly #log: Log;
  readonly #dropped: (by: number, labels: { link: string }) => void;
  readonly #reconnects: () => void;
  #life: Life | undefined;
  #problem: string | undefined = "not connected yet";
  #waitingChars = 0;
  #deadUntilMs = 0;

  constructor(bus: MessageBus, options: RedisOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#log = options.log.child("redis");
    const { metrics } = options;
    this.#dropped = metrics.counter("telovix_console_bus_dropped_total", DROPPED);
    this.#reconnects = metrics.counter("telovix_console_redis_connections_total", "Connections made to Redis.");
    const up = metrics.gauge("telovix_console_redis_up", "1 while Redis answers.");
    metrics.onCollect(() => up(this.#life ? 1 : 0));
  }

  /** Why Redis is not used right now, in a sentence; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  send(envelope: Envelope): void {
    const life = this.#life;
    const text = JSON.stringify(envelope);
    if (!life || text.length > MAX_MESSAGE_CHARS || this.#waitingChars + text.length > MAX_WAITING_CHARS)
      return this.#dropped(1, { link: "redis" });
    this.#waitingChars += text.length;
    life.commands
      .publish(this.#channel(envelope.to), text)
      .catch(() => this.#dropped(1, { link: "redis" }))
      .finally(() => (this.#waitingChars -= text.length));
  }

  async charge(key: string, perMinute: number, mode: "ask" | "tell", count: number): Promise<number | undefined> {
    const life = this.#life;
    if (!life || this.#options.clock.monotonicMs() < this.#deadUntilMs) return undefined;
    const name = `${this.#options.prefix}:limit:${key}`;
    const asked = life.commands.send("EVAL", [BUCKET_SCRIPT, "1", name, String(perMinute), mode, String(count)]);
    const late = Symbol("late");
    const patience = Promise.withResolvers<typeof late>();
    const timer = setTimeout(() => patience.resolve(late), ANSWER_MS);
    try {
      const answer: unknown = await Promise.race([asked, patience.promise]);
      if (answer !== late) return Number(answer);
      // The next requests shall not wait as well; the ping finds out what is wrong.
      this.#deadUntilMs = this.#options.clock.monotonicMs() + PING_MS;
      asked.catch(() => {});
      return undefined;
    } catch (error) {
      this.#log.debug("a limit could not be counted", { error: errorMessage(error) });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves while Redis answers; for /readyz. */
  ping(): Promise<void> {
    return this.#problem === undefined ? Promise.resolve() : Promise.reject(new Error(this.#problem));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let waitMs = RETRY_MIN_MS;
    while (!signal.aborted) {
      try {
        const life = await this.#connect();
        waitMs = RETRY_MIN_MS;
        const why = await this.#live(life, signal);
        if (signal.aborted) break;
        this.#log.warn("Redis is away; limits and live views are this host's alone until it answers", { why });
        this.#problem = why;
      } catch (error) {
        const problem = errorMessage(error);
        if (this.#problem !== problem) this.#log.warn("Redis does not answer; it is tried again", { error: problem });
        this.#problem = problem;
      }
      await clock.sleep(waitMs * (0.75 + Math.random() / 2), signal);
      waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
    }
  }

  async #connect(): Promise<Life> {
    const url = this.#options.url.reveal();
    const options = { connectionTimeout: CONNECT_TIMEOUT_MS, autoReconnect: false, enableOfflineQueue: false };
    const life = { commands: new RedisClient(url, options), listener: new RedisClient(url, options) };
    try {
      await within(CONNECT_TIMEOUT_MS, Promise.all([life.commands.connect(), life.listener.connect()]));
      const take = (text: string): void => this.#take(text);
      await within(CONNECT_TIMEOUT_MS, life.listener.subscribe(this.#channel(undefined), take));
      await within(CONNECT_TIMEOUT_MS, life.listener.subscribe(this.#channel(this.#bus.self), take));
      return life;
    } catch (error) {
      close(life);
      throw error;
    }
  }

  /** Uses a connection until it breaks; resolves with why it did. */
  async #live(life: Life, signal: AbortSignal): Promise<string> {
    const { clock } = this.#options;
    const ended = Promise.withResolvers<string>();
    for (const client of [life.commands, life.listener])
      client.onclose = (error) => ended.resolve(errorMessage(error ?? "closed"));
    let why: string | undefined;
    void ended.promise.then((reason) => (why = reason));
    this.#life = life;
    this.#problem = undefined;
    this.#deadUntilMs = 0;
    this.#reconnects();
    this.#log.info("Redis is used for limits and for news between replicas");
    this.#bus.attach(this);
    try {
      while (!signal.aborted && why === undefined) {
        const nap = new AbortController();
        const stop = (): void => nap.abort();
        signal.addEventListener("abort", stop, { once: true });
        await Promise.race([ended.promise, clock.sleep(PING_MS, nap.signal)]);
        nap.abort();
        signal.removeEventListener("abort", stop);
        if (why !== undefined || signal.aborted) break;
        try {
          await within(CONNECT_TIMEOUT_MS, life.commands.send("PING", []));
        } catch (error) {
          why = errorMessage(error);
        }
      }
      return why ?? "stopped";
    } finally {
      // What was said last, such as goodbye, is still sent.
      if (signal.aborted && why === undefined)
        await within(ANSWER_MS, life.commands.send("PING", [])).catch(() => undefined);
      this.#life = undefined;
      this.#bus.detach(this);
      close(life);
    }
  }

  #channel(to: InstanceId | undefined): string {
    const { prefix } = this.#options;
    return to === undefined ? `${prefix}:all` : `${prefix}:to:${to.slice(0, to.indexOf("/"))}`;
  }

  #take(text: string): void {
    if (text.length > MAX_MESSAGE_CHARS) return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#log.debug("a message on Redis is not ours");
    }
    const message = readEnvelope(value);
    const own = this.#bus.self.slice(0, this.#bus.self.indexOf("/") + 1);
    // What this host said comes back to it as well.
    if (!message || message.from.startsWith(own)) return;
    this.#bus.receive(message, this);
  }
}

function close({ commands, listener }: Life): void {
  for (const client of [commands, listener]) {
    client.onclose = () => {};
    client.close();
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
