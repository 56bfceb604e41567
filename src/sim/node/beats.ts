import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { StreamDown, StreamUp } from "../../core/wire/stream.ts";
import type { Wheel } from "../fleet/wheel.ts";

type Heard = Extract<StreamDown, { type: "heard" }>;

const LOOK_MS = 250;
const MAX_LOOKS = 40;

/** Waits while the stream is being opened, for ten seconds at most: by an open stream a heartbeat costs no connection. */
export async function untilOpened(wheel: Wheel, isOpening: () => boolean): Promise<void> {
  for (let looks = 0; isOpening() && looks < MAX_LOOKS; looks++)
    await new Promise<void>((resolve) => wheel.after(LOOK_MS, resolve));
}

/** Heartbeats that go by the stream, one at a time. */
export class StreamBeats {
  /** The welcome said that they may. */
  taken = false;
  #id = 0;
  #waiting: ((heard: Heard | undefined) => void) | undefined;

  /** Resolves with the answer, with why there is none, or with undefined when the heartbeat has to be posted. */
  async send(send: (frame: StreamUp) => void, heartbeat: unknown): Promise<HeartbeatResponse | string | undefined> {
    if (!this.taken || this.#waiting) return undefined;
    const { promise, resolve } = Promise.withResolvers<Heard | undefined>();
    this.#waiting = resolve;
    send({ type: "heartbeat", id: ++this.#id, heartbeat });
    const heard = await promise;
    this.#waiting = undefined;
    return heard?.error ? heard.error.code : heard?.answer;
  }

  heard(message: Heard): void {
    if (message.id === this.#id) this.#waiting?.(message);
  }

  /** The stream is gone, and an answer with it. */
  ended(): void {
    this.taken = false;
    this.#waiting?.(undefined);
  }
}
