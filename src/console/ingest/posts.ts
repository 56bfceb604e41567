import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";

/** Bodies of one kind that a sensor may have on the way: a sound one has one, and another when an answer was lost. */
const OF_ONE = 2;
/** Memory that the bodies of all sensors hold together until they are answered. */
const MAX_BYTES = 256 * 1024 * 1024;
const RETRY_SECS = 2;

export type PostKind = "events" | "heartbeat" | "inventory";

/** One body on its way, until disposed. */
export interface Post extends Disposable {
  /** What it holds now, in bytes. Throws AppError `unavailable` when the others leave no room for more than it had. */
  weigh(bytes: number): void;
}

/**
 * Bounds what sensors post: a body of some kilobytes may be tens of megabytes once it is decompressed, and waits for the stores with all
 * of it. What is too much is refused before it is read.
 */
export class Posts {
  readonly #underWay = new Map<string, number>();
  readonly #maxBytes: number;
  readonly #refused: (by: number, labels: { reason: string }) => void;
  #bytes = 0;

  constructor(metrics: Metrics, maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
    this.#refused = metrics.counter("telovix_console_posts_refused_total", "Bodies of sensors not read, by why.");
    const held = metrics.gauge("telovix_console_posts_bytes", "Memory held by bodies that sensors posted.");
    metrics.onCollect(() => held(this.#bytes));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws AppError `rate_limited` when the sensor has as many on the way as it may, `unavailable` when all have too much. */
  enter(sensorId: string, kind: PostKind): Post {
    const key = `${sensorId}/${kind}`;
    const others = this.#underWay.get(key) ?? 0;
    if (others >= OF_ONE)
      throw this.#refusal("rate_limited", `${OF_ONE} bodies of this kind are on their way already.`);
    this.#makeRoom(0);
    this.#underWay.set(key, others + 1);
    let held = 0;
    const weigh = (bytes: number): void => {
      this.#bytes += bytes - held;
      held = bytes;
    };
    return {
      weigh: (bytes) => {
        if (bytes > held) this.#makeRoom(held);
        weigh(bytes);
      },
      [Symbol.dispose]: () => {
        weigh(0);
        const left = this.#underWay.get(key)! - 1;
        if (left > 0) this.#underWay.set(key, left);
        else this.#underWay.delete(key);
      },
    };
  }

  #makeRoom(own: number): void {
    if (this.#bytes - own >= this.#maxBytes)
      throw this.#refusal("unavailable", "The bodies of other sensors take all the memory there is for them.");
  }

  #refusal(code: "rate_limited" | "unavailable", message: string): AppError {
    this.#refused(1, { reason: code });
    return new AppError(code, message, {
      retryAfterSecs: RETRY_SECS + Math.floor(Math.random() * RETRY_SECS),
      hint: "Wait for the answers, and send it again.",
    });
  }
}
