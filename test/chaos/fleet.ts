import { join } from "node:path";
import { checkRun, type Verdict } from "../../src/sim/check/check.ts";
import { StoredEvents } from "../../src/sim/check/store.ts";
import { SimState } from "../../src/sim/enrol/state.ts";
import { DEFAULT_BEHAVIOUR, type Behaviour } from "../../src/sim/options.ts";
import { startRun, type Running } from "../../src/sim/run.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import type { Span } from "./books.ts";

/** A simulated fleet that stands while faults come and go. */
export class StandingFleet implements AsyncDisposable {
  readonly #behaviour: Behaviour;
  readonly #running: Running;

  private constructor(behaviour: Behaviour, running: Running) {
    this.#behaviour = behaviour;
    this.#running = running;
  }

  static async start(bed: TestBed, home: string, n: number, seed: number, say: (line: string) => void) {
    const behaviour: Behaviour = {
      ...DEFAULT_BEHAVIOUR,
      n,
      seed,
      alertShare: 0.05,
      // Queues that an outage fills, so that the ledger has something to say.
      burst: { probability: 0.02, size: 200 },
      queueEvents: 400,
      flap: 0.1,
      clockSkew: 0.05,
      rampMs: 1_000,
      durationMs: 24 * 3_600_000,
    };
    const running = await startRun({
      behaviour,
      state: new SimState(join(home, "sim")),
      console: { hostname: bed.host, port: bed.port },
      token: () => bed.token(),
      processes: 1,
      say,
      signal: new AbortController().signal,
    });
    return new StandingFleet(behaviour, running);
  }

  /** Every number made so far, by sequence. */
  async made(): Promise<Span[]> {
    const results = await this.#running.fleet.results();
    return results.flatMap((r) => r.lanes.map(({ epoch, generated }) => ({ epoch, from: 0, to: generated })));
  }

  /** How many of these numbers nobody has acknowledged. */
  async waiting(spans: readonly Span[]): Promise<number> {
    const results = await this.#running.fleet.results();
    const acked = new Map(results.flatMap((r) => r.lanes.map((l) => [l.epoch, l.acked] as const)));
    return spans.reduce((sum, { epoch, to }) => sum + Math.max(0, to - (acked.get(epoch) ?? 0)), 0);
  }

  endEvents(): Promise<void> {
    return this.#running.fleet.endEvents();
  }

  /** Why streams ended, acknowledgements that made no sense, and so on. */
  async tally() {
    return (await this.#running.fleet.status()).tally;
  }

  /** All of the run against all that is stored, contents too. */
  async check(dataDir: string): Promise<Verdict> {
    await using store = await StoredEvents.open({ dataDir });
    const { run, startAtMs, fleet } = this.#running;
    const results = await fleet.results();
    return await checkRun({ behaviour: this.#behaviour, run, results, sinceMs: startAtMs - 1_000, store });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.fleet[Symbol.asyncDispose]();
  }
}
