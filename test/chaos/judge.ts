import type { NumberedExecs } from "../harness/numbered-execs.ts";
import type { Books, LostRange, Span } from "./books.ts";
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

const STUCK_MS = 45_000;
/** So long all may move at most. */
const PATIENCE_MS = 240_000;
const TELL_MS = 10_000;
const BLIND_MS = 5_000;
const PAUSE_MS = 300;
/** An execution is asked for and ends within this time of being asked for. */
const EXEC_US = 3_000_000;
/** Blind times that are told with executions that are missing. */
const NEAR_US = 60_000_000;
const MAX_PROBLEMS = 20;

/** How many numbers of a span the ledger has, each time it has them. */
export function lostIn({ from, to }: Span, ranges: readonly LostRange[]): number {
  return ranges.reduce(
    (sum, r) => sum + Math.max(0, Math.min(to, r.to_seq) - Math.max(from + 1, r.from_seq) + 1) * (1 - r.unknown),
    0,
  );
}

export interface JudgeDeps {
  readonly books: Pick<Books, "stored" | "lost" | "reaches" | "execs" | "blind">;
  readonly fleet: Pick<StandingFleet, "made" | "waiting">;
  readonly real: RealEvents | undefined;
  readonly say: (line: string) => void;
  /** So long nothing may move before what is missing counts as lost. */
  readonly stuckMs?: number;
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
    const problems: string[] = [];
    let [storedAll, lostAll] = [0, 0];
    for (const span of spans) {
      const { epoch, from, to } = span;
      const { rows = 0, numbers = 0 } = stored.get(epoch) ?? {};
      const ranges = ledger.get(epoch) ?? [];
      const lost = lostIn(span, ranges);
      storedAll += numbers;
      lostAll += lost;
      const off = to - from - numbers - lost;
      if (off === 0 && rows === numbers) continue;
      const near = ranges.filter((r) => r.to_seq > from && r.from_seq <= to);
      problems.push(
        `${epoch} ${from + 1}–${to}: ${numbers} stored as ${rows} rows, ${lost} lost: ${JSON.stringify(near)}`,
      );
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
    const isBlind = (n: number): boolean => {
      const us = execs.atMs(n) * 1000;
      return times.some((t) => t.from_us <= us + EXEC_US && t.to_us >= us);
    };
    const unseen = missing.filter((n) => !isBlind(n));
    if (unseen.length > 0) {
      const second = (us: number): string => new Date(us / 1000).toISOString().slice(14, 23);
      const asked = [unseen[0]!, unseen.at(-1)!].map((n) => second(execs.atMs(n) * 1000)).join(" to ");
      const near = times.filter((t) => t.to_us > execs.atMs(unseen[0]!) * 1000 - NEAR_US);
      const ranges = near.map((t) => `${t.stage}/${t.cause} ${t.count}: ${second(t.from_us)} to ${second(t.to_us)}`);
      problems.push(
        `executions neither found nor in a blind time: ${unseen.slice(0, 50).join(" ")} (${asked}; blind: ${ranges.slice(0, 20).join(", ")})`,
      );
    }
    return missing.filter(isBlind);
  }
}
