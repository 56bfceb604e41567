const SLOT_MS = 50;
const SLOTS = 1_024;

interface Due {
  readonly turns: number;
  readonly run: () => void;
}

/** Timers of thousands of sensors on one interval. What is due within a slot runs together; nothing here is cancelled. */
export class Wheel {
  readonly #slots: Due[][] = Array.from({ length: SLOTS }, () => []);
  #slot = 0;
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #turned = 0;

  start(): void {
    this.#startMs = performance.now();
    this.#timer = setInterval(() => this.#turn(), SLOT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  after(ms: number, run: () => void): void {
    const ahead = Math.max(1, Math.ceil(ms / SLOT_MS));
    this.#slots[(this.#slot + ahead) % SLOTS]!.push({ turns: Math.floor((ahead - 1) / SLOTS), run });
  }

  /** Catches up with the time, however late the interval fires. */
  #turn(): void {
    const target = Math.floor((performance.now() - this.#startMs) / SLOT_MS);
    while (this.#turned < target) {
      this.#turned++;
      this.#slot = (this.#slot + 1) % SLOTS;
      const due = this.#slots[this.#slot]!;
      this.#slots[this.#slot] = [];
      for (const { turns, run } of due) {
        if (turns > 0) this.#slots[this.#slot]!.push({ turns: turns - 1, run });
        else run();
      }
    }
  }
}
