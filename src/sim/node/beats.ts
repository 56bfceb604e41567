import type { StreamDown, StreamUp } from "../../core/wire/stream.ts";
import type { Wheel } from "../fleet/wheel.ts";

type Answered = Extract<StreamDown, { type: "heard" | "noted" }>;

const LOOK_MS = 250;
const MAX_LOOKS = 40;

/** Waits while the stream is being opened, for ten seconds at most: by an open stream a heartbeat costs no connection. */
export async function untilOpened(wheel: Wheel, isOpening: () => boolean): Promise<void> {
  for (let looks = 0; isOpening() && looks < MAX_LOOKS; looks++)
    await new Promise<void>((resolve) => wheel.after(LOOK_MS, resolve));
}

/** Heartbeats or inventories that go by the stream, one at a time. */
export class StreamCalls<M extends Answered> {
  /** The welcome said that they may. */
  taken = false;
  #id = 0;
  #waiting: ((heard: M | undefined) => void) | undefined;

  /** Resolves with the answer, with why there is none, or with undefined when the message has to be posted. */
  async send(
    send: (frame: StreamUp) => void,
    frameOf: (id: number) => StreamUp,
  ): Promise<NonNullable<M["answer"]> | string | undefined> {
    if (!this.taken || this.#waiting) return undefined;
    const { promise, resolve } = Promise.withResolvers<M | undefined>();
    this.#waiting = resolve;
    send(frameOf(++this.#id));
    const heard = await promise;
    this.#waiting = undefined;
    return heard?.error ? heard.error.code : (heard?.answer as NonNullable<M["answer"]> | undefined);
  }

  heard(message: M): void {
    if (message.id === this.#id) this.#waiting?.(message);
  }

  /** The stream is gone, and an answer with it. */
  ended(): void {
    this.taken = false;
    this.#waiting?.(undefined);
  }
}
