import { INTERVALS } from "../../core/wire/limits.ts";
import type { InventoryResponse } from "../../core/wire/inventory.ts";
import type { StreamDown, StreamUp } from "../../core/wire/stream.ts";
import type { Tally } from "../fleet/tally.ts";
import type { Wheel } from "../fleet/wheel.ts";
import type { HttpAnswer } from "../link/http.ts";
import { StreamCalls } from "./beats.ts";
import { comerCount } from "./processes.ts";
import type { NodeFacts } from "./facts.ts";
import { inventoryOf } from "./state.ts";

/** For the sake of figures that move by themselves a list goes this often at most, as the sensor has it. */
const FIGURES_MS = 60_000;

type Noted = Extract<StreamDown, { type: "noted" }>;

export interface SimInventoriesOptions {
  readonly facts: NodeFacts;
  readonly wheel: Wheel;
  readonly tally: Tally;
  readonly nowUs: () => number;
  readonly send: (frame: StreamUp) => void;
  readonly post: (value: unknown) => Promise<HttpAnswer | string>;
}

/** Sends what runs on a simulated host as the sensor does: by the stream, in the Console's rhythm, at once when asked, and only what changed. */
export class SimInventories {
  readonly calls = new StreamCalls<Noted>();
  readonly #o: SimInventoriesOptions;
  #paceMs: number = INTERVALS.inventoryMs;
  #full = true;
  #busy = false;
  #begun = false;
  #ended = false;
  /** Of the timer that counts: the wheel forgets none. */
  #turn = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #look = 0;
  /** The look whose list the Console has, and when it got it. */
  #had = -1;
  #hadMs = Number.NEGATIVE_INFINITY;

  constructor(options: SimInventoriesOptions) {
    this.#o = options;
  }

  /** After each heartbeat: the Console's wish, and whether it has nothing of this node. */
  told(intervalSecs: number | undefined, wantFull: boolean): void {
    this.#paceMs = Math.max(INTERVALS.inventoryMs, (intervalSecs ?? 0) * 1000);
    if (this.#begun && (!wantFull || this.#full || this.#busy)) return;
    this.#begun = true;
    this.#full = true;
    const spreadMs = Math.random() * (this.#paceMs - INTERVALS.inventoryMs);
    if (performance.now() + spreadMs < this.#dueMs) this.#after(spreadMs);
  }

  /** The Console wants all of it now. */
  refresh(): void {
    this.#full = true;
    if (!this.#busy) this.#after(0);
  }

  /** No more of it. */
  stop(): void {
    this.#ended = true;
    this.calls.ended();
  }

  #after(ms: number): void {
    const turn = ++this.#turn;
    this.#dueMs = performance.now() + ms;
    this.#o.wheel.after(ms, () => {
      if (turn === this.#turn && !this.#ended) void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const full = this.#full;
    this.#full = false;
    const look = this.#look++;
    const failed = (full || this.#isDue(look)) && !(await this.#send(look, full));
    this.#busy = false;
    // At once when it was asked for meanwhile.
    this.#after(this.#full ? 0 : this.#paceMs * (0.9 + Math.random() / 5));
    this.#full ||= full && failed;
  }

  /** Something came or went, or the figures are old. */
  #isDue(look: number): boolean {
    const { facts } = this.#o;
    const same = comerCount(facts, look) === 0 && comerCount(facts, this.#had) === 0;
    return !same || performance.now() - this.#hadMs >= FIGURES_MS;
  }

  /** True when the Console has it. */
  async #send(look: number, full: boolean): Promise<boolean> {
    const { facts, tally, nowUs, send, post } = this.#o;
    const inventory = inventoryOf(facts, look, nowUs(), full);
    const answer: InventoryResponse | HttpAnswer | string =
      (await this.calls.send(send, (id) => ({ type: "inventory", id, inventory }))) ?? (await post(inventory));
    const why =
      typeof answer === "string"
        ? answer
        : "status" in answer && answer.status !== 200
          ? `${answer.status}`
          : undefined;
    if (why === undefined) {
      tally.counts.inventories++;
      this.#had = look;
      this.#hadMs = performance.now();
      return true;
    }
    if (!this.#ended) {
      tally.counts.inventoryFailures++;
      tally.reason(`inventory: ${why}`);
    }
    return false;
  }
}
