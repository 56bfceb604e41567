import type { LaneName } from "../../core/wire/common.ts";

/** What waits: whose it is, in which lane, and how much. */
export interface Waiting {
  readonly sensorId: string;
  readonly laneName: LaneName;
  /** In rows; large ones count as several. */
  readonly cost: number;
}

/** In order of precedence, and how full a group may be when a lane has had its turn while others wait: none takes all. */
const TURNS: readonly (readonly [LaneName, number])[] = [
  ["alert", 0.6],
  ["bulk", 0.9],
  ["backlog", 1],
];
/** What a sensor is good for in each round; a batch that costs more waits until it has saved up for it. */
const QUANTUM = 500;

interface Line<T> {
  readonly waiting: T[];
  deficit: number;
}

/** The sensors that wait in one lane, round after round in turn (deficit round robin). */
class Ring<T extends Waiting> {
  readonly #lines = new Map<string, Line<T>>();

  add(item: T): void {
    const line = this.#lines.get(item.sensorId);
    if (line) line.waiting.push(item);
    else this.#lines.set(item.sensorId, { waiting: [item], deficit: 0 });
  }

  /** Moves items to `taken` until they cost `limit`; the last may go beyond. Returns what they cost then. */
  take(taken: T[], used: number, limit: number): number {
    let cost = used;
    for (let [entry] = this.#lines; entry && cost < limit; [entry] = this.#lines) {
      const [sensorId, line] = entry;
      line.deficit += QUANTUM;
      for (let next = line.waiting[0]; next && next.cost <= line.deficit; next = line.waiting[0]) {
        line.deficit -= next.cost;
        cost += next.cost;
        taken.push(next);
        line.waiting.shift();
        if (cost >= limit) break;
      }
      this.#over(sensorId, line);
    }
    return cost;
  }

  /** To the end of the ring, where others are due first. */
  #over(sensorId: string, line: Line<T>): void {
    this.#lines.delete(sensorId);
    if (line.waiting.length > 0) this.#lines.set(sensorId, line);
  }

  clear(): T[] {
    const all = [...this.#lines.values()].flatMap((line) => line.waiting);
    this.#lines.clear();
    return all;
  }
}

/**
 * What waits for the store. Alerts come before the rest, and what an outage left comes last; within a lane sensors take turns, so
 * that whoever sends a hundred times as much waits a hundred times as long, and nobody else does. Of one sensor and lane the order
 * is kept.
 */
export class FairQueue<T extends Waiting> {
  readonly #rings = new Map<LaneName, Ring<T>>(TURNS.map(([name]) => [name, new Ring()]));
  #cost = 0;
  #size = 0;

  get cost(): number {
    return this.#cost;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    this.#rings.get(item.laneName)!.add(item);
    this.#cost += item.cost;
    this.#size++;
  }

  /** The next group: what costs so much, and up to one item more. */
  take(maxCost: number): T[] {
    const taken: T[] = [];
    let cost = 0;
    for (const limit of [undefined, maxCost])
      for (const [name, part] of TURNS) cost = this.#rings.get(name)!.take(taken, cost, limit ?? maxCost * part);
    this.#cost -= cost;
    this.#size -= taken.length;
    return taken;
  }

  /** Everything, taken out. */
  clear(): T[] {
    this.#cost = this.#size = 0;
    return [...this.#rings.values()].flatMap((ring) => ring.clear());
  }
}
