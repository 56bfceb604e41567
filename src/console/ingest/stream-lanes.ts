import { AppError } from "../../core/error.ts";
import type { Ack, LaneName } from "../../core/wire/common.ts";
import type { HandedOver } from "./take-batch.ts";

/** Events one sensor may have under way over all its lanes, whatever credit it remembers. */
const MAX_UNDER_WAY = 20_000;
/** What each lane gets of a sensor's credit, so that all together never have more under way than it was granted. */
const SHARE: Readonly<Record<LaneName, number>> = { alert: 0.2, bulk: 0.4, backlog: 0.4 };
const LEAST_CREDIT = 20;

export interface StreamLane {
  readonly name: LaneName;
  readonly alone: boolean;
  readonly handed: HandedOver;
  ack: Ack;
  credit: number;
}

/** The lanes of one sensor's stream: what each was last told, and how much is under way over all of them. */
export class StreamLanes {
  readonly #creditOf: (lane: LaneName) => number;
  readonly #lanes = new Map<string, StreamLane>();
  #underWay = 0;

  constructor(creditOf: (lane: LaneName) => number) {
    this.#creditOf = creditOf;
  }

  /** Names a lane, with what the Console has of it and what the sensor has not any more; `alone` when the sensor has no other. */
  open(name: LaneName, ack: Ack, handed: HandedOver, alone: boolean): StreamLane {
    const lane = { name, alone, handed, ack, credit: this.#grant({ name, alone }) };
    this.#lanes.set(ack.epoch, lane);
    return lane;
  }

  find(epoch: string): StreamLane | undefined {
    return this.#lanes.get(epoch);
  }

  /** Counts events as under way until disposed, once. Throws AppError `rate_limited` beyond all that was ever granted. */
  take(events: number): Disposable {
    if (this.#underWay + events > MAX_UNDER_WAY)
      throw new AppError("rate_limited", "More events are under way than were granted.");
    this.#underWay += events;
    let left = events;
    return {
      [Symbol.dispose]: () => {
        this.#underWay -= left;
        left = 0;
      },
    };
  }

  acknowledge(lane: StreamLane, ack: Ack): StreamLane {
    lane.ack = ack;
    lane.credit = this.#grant(lane);
    return lane;
  }

  /** Lanes whose credit changed between nothing and something since they were last told. Without room only alerts get something. */
  regrants(hasRoom = true): StreamLane[] {
    const changed: StreamLane[] = [];
    for (const lane of this.#lanes.values()) {
      const credit = this.#grant(lane);
      if (credit > 0 === lane.credit > 0 || (credit > 0 && !hasRoom && lane.name !== "alert")) continue;
      lane.credit = credit;
      changed.push(lane);
    }
    return changed;
  }

  /** Several backlogs have one share: a sensor sends one after the other. */
  #grant({ name, alone }: Pick<StreamLane, "name" | "alone">): number {
    const credit = this.#creditOf(name);
    return alone || credit <= LEAST_CREDIT ? credit : Math.max(LEAST_CREDIT, Math.floor(credit * SHARE[name]));
  }
}
