import type { EventDraft } from "../normalize/draft.ts";
import { makeLossDraft, type EngineStart } from "../normalize/engine-events.ts";

const CAUSE = "engine_away";

/** The time in which no engine is at work. */
export class AwayTime {
  #sinceUs: number | undefined;

  /** An engine has ended, at this time in microseconds since 1970. */
  began(nowUs: number): void {
    this.#sinceUs ??= nowUs;
  }

  /**
   * The next one has said what it sees. What went meanwhile, nobody knows how much; undefined when the kernel kept it: the new engine goes
   * on with what the old one left there, and tells it.
   */
  over(start: Pick<EngineStart, "adopted" | "atUs">): EventDraft | undefined {
    const sinceUs = this.#sinceUs;
    this.#sinceUs = undefined;
    if (sinceUs === undefined || start.adopted) return undefined;
    return makeLossDraft(CAUSE, 0, Math.min(sinceUs, start.atUs), start.atUs);
  }
}
