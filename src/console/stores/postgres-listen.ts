import type { Sql } from "postgres";
import { systemClock } from "../../core/clock.ts";
import { randomHex } from "../../core/ids.ts";

/** How often the word is sent round, how long it may take, and how long to wait before the next attempt. */
const TIMES = { probeMs: 5_000, echoMs: 5_000, retryMs: 250 };

/**
 * Listens on a channel for as long as it is not stopped. The driver listens again by itself when its connection breaks, but gives up
 * when the server is away at that moment, and says so to nobody: so a word is sent round every few seconds, and a listener that
 * does not hear it is made anew.
 */
export class ChannelListener {
  readonly #connect: () => Sql;
  readonly #pool: Pick<Sql, "notify">;
  readonly #channel: string;
  readonly #take: (payload: string) => void;
  readonly #up: () => void;
  readonly #stop = new AbortController();
  readonly #times: typeof TIMES;
  readonly #word = `echo ${randomHex(8)}`;
  readonly #done: Promise<void>;
  #heard = Promise.withResolvers<void>();

  /** `connect` gives a driver of its own, of which one connection listens; `pool` is what the word is sent by. */
  constructor(
    connect: () => Sql,
    pool: Pick<Sql, "notify">,
    channel: string,
    take: (payload: string) => void,
    up: () => void,
    times = TIMES,
  ) {
    this.#times = times;
    this.#connect = connect;
    this.#pool = pool;
    this.#channel = channel;
    this.#take = take;
    this.#up = up;
    this.#done = this.#run();
  }

  /** Ends it; resolves when its connections are closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const sql = this.#connect();
      try {
        await sql.listen(this.#channel, (payload) => this.#receive(payload), this.#up);
        while (!signal.aborted && (await this.#echoes())) await systemClock.sleep(this.#times.probeMs, signal);
      } catch {
        // The server is away: its other users say so, this one only tries again.
      } finally {
        await sql.end({ timeout: 0 }).catch(() => {});
      }
      await systemClock.sleep(this.#times.retryMs * (0.5 + Math.random()), signal);
    }
  }

  #receive(payload: string): void {
    if (payload === this.#word) this.#heard.resolve();
    else if (!payload.startsWith("echo ")) this.#take(payload);
  }

  async #echoes(): Promise<boolean> {
    this.#heard = Promise.withResolvers<void>();
    await this.#pool.notify(this.#channel, this.#word);
    const wait = new AbortController();
    const late = systemClock
      .sleep(this.#times.echoMs, AbortSignal.any([wait.signal, this.#stop.signal]))
      .then(() => false);
    const heard = await Promise.race([this.#heard.promise.then(() => true), late]);
    wait.abort();
    return heard;
  }
}
