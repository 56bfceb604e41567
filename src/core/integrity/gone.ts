/** Numbers whose events are not in a file. */
export interface Gone {
  /** Of the file. */
  readonly line: number;
  readonly seq: number;
  /** Time of the last event before it; undefined when none was given. */
  readonly afterUs: number | undefined;
  /** Its block gives others. */
  readonly inBlock: boolean;
  /** The file says itself that they are gone. */
  admitted: boolean;
  /** Of the root over it. */
  hour: string | undefined;
}

/** What was signed so long before an export is in no queue before the store any more. */
const SETTLED_MS = 25 * 3_600_000;

/**
 * Judges by the events around them whether events may be gone. A sequence is in order of time but for steps of its node's clock:
 * what is gone from between two events that are kept was not let go of, but taken out.
 */
export class GoneJudge {
  readonly #keptFromUs: number;
  readonly #exportedMs: number;
  #lastUs: number | undefined;
  #open: Gone | undefined;

  /** Events from `keptFromUs` on (microseconds since 1970) are not let go of. */
  constructor(keptFromUs: number, exportedMs: number) {
    this.#keptFromUs = keptFromUs;
    this.#exportedMs = exportedMs;
  }

  get keptFrom(): string {
    return new Date(Math.floor(this.#keptFromUs / 1000)).toISOString();
  }

  /** Events are not there, from this number on. */
  note(line: number, seq: number, { inBlock = false, admitted = false }): void {
    this.#open ??= { line, seq, afterUs: this.#lastUs, inBlock, admitted, hour: undefined };
    this.#open.admitted ||= admitted;
  }

  /** A root's hour covers what came. */
  signed(hour: string): void {
    if (this.#open) this.#open.hour ??= hour;
  }

  /** An event came, of this time; gives what cannot have gone before it. */
  came(us: number | undefined): Gone | undefined {
    const gone = this.#open;
    this.#open = undefined;
    if (us !== undefined) this.#lastUs = us;
    return gone && this.#isKept(gone.afterUs) && this.#isKept(us) ? gone : undefined;
  }

  /** No event comes any more; gives what cannot have gone. */
  end(): Gone | undefined {
    const gone = this.#open;
    if (!gone || !this.#isKept(gone.afterUs)) return undefined;
    // The last ones may be on their way to the store still, but not those of a block of which others have come.
    const settled = gone.hour !== undefined && this.#exportedMs - Date.parse(gone.hour) > SETTLED_MS;
    return gone.inBlock || (gone.admitted && settled) ? gone : undefined;
  }

  #isKept(us: number | undefined): boolean {
    return us !== undefined && us >= this.#keptFromUs;
  }
}
