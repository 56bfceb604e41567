/** Events all sensors of a large fleet may have under way together, over all lanes: a lane's part may wait for its turn and for the store. */
const UNDER_WAY = 1_250_000;
/** One sensor of them, at most. */
const MOST = 250;
/** A look that comes later than this says that there is more to do than can be done. */
const LATE_MS = 30;
/** Streams that arrived since the last look: more say that a fleet comes back, and handshakes go before events. */
const ARRIVALS = 10;
/** Weight of the newest look in what is known of how late they come. */
const NEWEST = 1 / 4;
/** From a look that was bad this part stays; each good one adds so much. */
const [BACK, FORTH] = [0.7, 0.02];

/**
 * How much sensors of a large fleet may send at a time. Each sends once in several seconds, so what it may have under way is what it may send
 * in that time: granted too little, a fleet falls behind on a machine that has time left; granted too much on one that has none, heartbeats
 * and newcomers wait behind events. So the grant goes up slowly while the event loop is in time, and down fast when it is not.
 */
export class FleetPace {
  /** Between the least (0) and all that may be under way (1). */
  #level = 0;
  #lateMs = 0;

  /** Looked at regularly: how late this look comes, and how many streams arrived since the last one. */
  look(lateMs: number, arrivals: number): void {
    this.#lateMs += (Math.max(0, lateMs) - this.#lateMs) * NEWEST;
    const isPressed = this.#lateMs > LATE_MS || arrivals > ARRIVALS;
    this.#level = isPressed ? this.#level * BACK : Math.min(1, this.#level + FORTH);
  }

  /** Events one of so many sensors may have under way; `least` whatever the pace. */
  credit(streams: number, least: number): number {
    const most = Math.min(MOST, UNDER_WAY / Math.max(1, streams));
    return Math.max(least, Math.floor(least + (most - least) * this.#level));
  }
}
