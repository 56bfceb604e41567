import type { NumberedExecs } from "../harness/numbered-execs.ts";
import { accountFor, faultsOf } from "../../src/sim/check/ranges.ts";
import type { BlindTime, Books, LostRange, Span } from "./books.ts";
import type { StandingFleet } from "./fleet.ts";

export interface RealEvents {
  readonly sensorId: string;
  readonly execs: NumberedExecs;
  readonly mark: string;
}

interface Look {
  /** What is not as it must be; empty: all is well. */
  readonly problems: readonly string[];
  readonly stored: number;
  readonly lost: number;
  /** Executions that are not stored, but in a time the ledger calls blind. */
  readonly blind: readonly number[];
  readonly spans: readonly Span[];
}

/** Longer than a Console waits between two looks at a loss: on a busy host events are stored minutes after they were given up. */
const STUCK_MS = 130_000;
/** So long all may move at most. */
const PATIENCE_MS = 300_000;
const TELL_MS = 10_000;
const BLIND_MS = 5_000;
const PAUSE_MS = 300;
/** An execution is asked for and ends within this time of being asked for. */
const EXEC_US = 3_000_000;
/** Blind times that are told with executions that are missing. */
const NEAR_US = 60_000_000;
const MAX_PROBLEMS = 20;

export interface JudgeDeps {
  readonly books: Pick<Books, "stored" | "islands" | "lost" | "reaches" | "execs" | "blind">;
  readonly fleet: Pick<StandingFleet, "made" | "waiting">;
  readonly real: RealEvents | undefined;
  readonly say: (line: string) => void;
  /** So long nothing may move before what is missing counts as lost. */
  readonly stuckMs?: number;
}

/**
 * Which of the executions that are missing the ledger excuses: each row as many as it says were lost, at most, of those in its time. Two
 * rows may tell of one loss, so this is the most that can be excused. `missing` in order of time; times in microseconds since 1970.
 */
export function excuse(
  missing: readonly number[],
  atUs: (n: number) => number,
  rows: readonly BlindTime[],
): { readonly excused: number[]; readonly unseen: number[] } {
  // The row that ends first is of the least use to those that come later.
  const left = rows
    .toSorted((a, b) => a.to_us - b.to_us)
    .map((row) => ({ ...row, many: row.unknown > 0 ? Number.POSITIVE_INFINITY : row.count }));
  const excused: number[] = [];
  const unseen: number[] = [];
  for (const n of missing) {
    const us = atUs(n);
    const row = left.find((r) => r.many > 0 && r.from_us <= us + EXEC_US && r.to_us >= us);
    if (row) row.many--;
    (row ? excused : unseen).push(n);
  }
  return { excused, unseen };
}

/** Compares what was made with what is stored and what the ledger says, to the event. */
export class Judge {
  readonly #deps: JudgeDeps;
  /** What was found in order before, by sequence. */
  #done = new Map<string, number>();
  #execsDone = 0;
  readonly #blind = new Set<number>();

  constructor(deps: JudgeDeps) {
    this.#deps = deps;
  }

  /** Executions so far that nobody saw, in times the ledger names. */
  get blind(): number {
    return this.#blind.size;
  }

  /** What was found in order is looked at again. */
  forget(): void {
    this.#done = new Map();
    this.#execsDone = 0;
    this.#blind.clear();
  }

  /** Waits until everything that was made up to now is stored or in the ledger; what is not, when nothing moves any more. */
  async settle(): Promise<{ readonly problems: readonly string[]; readonly tookMs: number; readonly text: string }> {
    const startMs = performance.now();
    const execs = this.#deps.real?.execs.count() ?? 0;
    const made = (await this.#deps.fleet.made()).map((s) => ({ ...s, from: this.#done.get(s.epoch) ?? 0 }));
    let movedMs = startMs;
    let before = "";
    let toldMs = startMs;
    let problems: readonly string[] = [];
    let real: readonly Span[] | undefined;
    const { stuckMs = STUCK_MS } = this.#deps;
    while (performance.now() - movedMs < stuckMs && performance.now() - startMs < PATIENCE_MS) {
      const waiting = await this.#deps.fleet.waiting(made);
      let failed = waiting > 0 ? `${waiting} events are not acknowledged` : "";
      const look = async (): Promise<Look> => {
        // As far as the node's own sequences go now: what comes later is judged later.
        real ??= await this.#realSpans();
        return this.#look([...made, ...real], execs);
      };
      const found = waiting > 0 ? undefined : await look().catch((error: unknown) => void (failed = String(error)));
      const mark = JSON.stringify([failed, found?.stored, found?.lost, found?.blind.length, found?.problems]);
      if (mark !== before) movedMs = performance.now();
      before = mark;
      problems = found?.problems ?? [failed];
      if (performance.now() - toldMs > TELL_MS) {
        toldMs = performance.now();
        this.#deps.say(`  not yet: ${problems.join("; ").slice(0, 400)}`);
      }
      const restedMs = performance.now() - movedMs;
      if (found && problems.length === 0 && (found.blind.length === 0 || restedMs > BLIND_MS)) {
        for (const { epoch, to } of found.spans) this.#done.set(epoch, to);
        for (const n of found.blind) this.#blind.add(n);
        this.#execsDone = execs;
        const text = `${found.stored} stored, ${found.lost} in the ledger, ${found.blind.length} executions in blind times`;
        return { problems, tookMs: performance.now() - startMs, text };
      }
      await Bun.sleep(PAUSE_MS);
    }
    return { problems: problems.slice(0, MAX_PROBLEMS), tookMs: performance.now() - startMs, text: before };
  }

  async #look(spans: readonly Span[], execs: number): Promise<Look> {
    const stored = new Map((await this.#deps.books.stored(spans)).map((s) => [s.epoch, s]));
    const ledger = Map.groupBy(await this.#deps.books.lost(spans.map((s) => s.epoch)), (r) => r.epoch);
    const near = ({ epoch, from, to }: Span): LostRange[] =>
      (ledger.get(epoch) ?? []).filter((r) => r.to_seq > from && r.from_seq <= to);
    const isPlain = (s: Span): boolean => stored.get(s.epoch)?.numbers === s.to - s.from && near(s).length === 0;
    const unclear = spans.filter((s) => !isPlain(s));
    const islands = Map.groupBy(unclear.length > 0 ? await this.#deps.books.islands(unclear) : [], (i) => i.epoch);
    const problems: string[] = [];
    let [storedAll, lostAll] = [0, 0];
    for (const span of spans) {
      const { epoch, from, to } = span;
      const { rows = 0, numbers = 0 } = stored.get(epoch) ?? {};
      const whole = isPlain(span) ? [{ first: from + 1, last: to }] : [];
      const account = accountFor(
        { from: from + 1, to },
        (islands.get(epoch) ?? whole).map((i) => ({ from: i.first, to: i.last })),
        // Where nobody knows how many are lost, no number is named.
        near(span)
          .filter((r) => r.unknown === 0)
          .map((r) => ({ from: r.from_seq, to: r.to_seq })),
      );
      storedAll += account.stored;
      lostAll += account.lost;
      const faults = faultsOf(account);
      if (rows > numbers) faults.push(`${numbers} are stored as ${rows} rows`);
      // Asked one after the other: what came in between is looked at again.
      if (account.stored !== numbers) faults.push(`${numbers} were stored, and then ${account.stored}`);
      if (faults.length === 0) continue;
      problems.push(`${epoch} ${from + 1}–${to}: ${faults.join("; ")}; ledger: ${JSON.stringify(near(span))}`);
    }
    const blind = this.#deps.real ? await this.#execs(this.#deps.real, execs, problems) : [];
    return { problems, stored: storedAll, lost: lostAll, blind, spans };
  }

  async #realSpans(): Promise<readonly Span[]> {
    const reaches = this.#deps.real ? await this.#deps.books.reaches(this.#deps.real.sensorId) : [];
    // A sequence begins with 1: what is missing before its first number is missing too.
    return reaches.map(({ epoch, last }) => ({ epoch, from: this.#done.get(epoch) ?? 0, to: last }));
  }

  async #execs({ sensorId, execs, mark }: RealEvents, upTo: number, problems: string[]): Promise<number[]> {
    const found = await this.#deps.books.execs(mark, this.#execsDone);
    const twice = [...found].filter(([, times]) => times > 1).map(([n]) => n);
    if (twice.length > 0) problems.push(`executions found twice: ${twice.slice(0, 50).join(" ")}`);
    const missing: number[] = [];
    for (let n = this.#execsDone + 1; n <= upTo; n++) if (!found.has(n)) missing.push(n);
    if (missing.length === 0) return [];
    const times = await this.#deps.books.blind(sensorId);
    const { excused, unseen } = excuse(missing, (n) => execs.atMs(n) * 1000, times);
    if (unseen.length > 0) {
      const second = (us: number): string => new Date(us / 1000).toISOString().slice(14, 23);
      const asked = [unseen[0]!, unseen.at(-1)!].map((n) => second(execs.atMs(n) * 1000)).join(" to ");
      const near = times.filter((t) => t.to_us > execs.atMs(unseen[0]!) * 1000 - NEAR_US);
      const ranges = near.map((t) => `${t.stage}/${t.cause} ${t.count}: ${second(t.from_us)} to ${second(t.to_us)}`);
      problems.push(
        `executions neither found nor in a blind time: ${unseen.slice(0, 50).join(" ")} (${asked}; blind: ${ranges.slice(0, 20).join(", ")})`,
      );
    }
    return excused;
  }
}
