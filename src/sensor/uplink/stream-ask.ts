import type { Clock } from "../../core/clock.ts";

/** What `ask` resolves with when there is no answer: nothing was sent or the stream ended, or it took too long. */
export type NoAnswer = "unsent" | "late";

interface Numbered {
  readonly id: number;
}

/** What goes by the stream and is answered: one under way at a time. While a late answer has not come, nothing more is sent. */
export class StreamAsk<Answer extends Numbered> {
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly #timeoutMs: number;
  #ids = 0;
  #open: { readonly id: number; readonly resolve: (answer: Answer | NoAnswer) => void } | undefined;

  constructor(options: { clock: Clock; send: (frame: Uint8Array<ArrayBuffer>) => void; timeoutMs: number }) {
    this.#clock = options.clock;
    this.#send = options.send;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Sends a frame with a number, unless it is larger than `maxBytes` or another is under way. */
  async ask(frameOf: (id: number) => Uint8Array<ArrayBuffer>, maxBytes: number): Promise<Answer | NoAnswer> {
    if (this.#open) return "unsent";
    const id = this.#ids++;
    const frame = frameOf(id);
    if (frame.length > maxBytes) return "unsent";
    const { promise, resolve } = Promise.withResolvers<Answer | NoAnswer>();
    this.#send(frame);
    this.#open = { id, resolve };
    const late = new AbortController();
    void this.#clock.sleep(this.#timeoutMs, late.signal).then(() => resolve("late"));
    try {
      return await promise;
    } finally {
      late.abort();
    }
  }

  answered(answer: Answer): void {
    if (this.#open?.id !== answer.id) return;
    this.#open.resolve(answer);
    this.#open = undefined;
  }

  /** The stream is gone, and an answer with it. */
  end(): void {
    this.#open?.resolve("unsent");
    this.#open = undefined;
  }
}
