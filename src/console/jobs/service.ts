import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Db, Tx } from "../stores/contract.ts";
import { claimDue, finishJob, isHeld, listJobs, registerJobs, renewLease, type ClaimedJob } from "./store.ts";

export interface JobTiming {
  readonly pollMs: number;
  readonly leaseMs: number;
  readonly renewMs: number;
}

/** A holder that died is noticed after its lease and one poll more: well within a minute. */
export const JOB_TIMING: JobTiming = { pollMs: 5_000, leaseMs: 30_000, renewMs: 10_000 };
const RETRY_MS = 60_000;
const MAX_ERROR_CHARS = 500;

/** What one run of a job is given. */
export interface JobRun {
  /** Aborts when the Console stops or the job is no longer held here. */
  readonly signal: AbortSignal;
  /** Grows with every run over all processes. */
  readonly fencingToken: number;
  /** Inside a transaction: throws AppError `conflict` unless the job is still held here, and keeps it so until the end of the transaction. */
  readonly fence: (tx: Tx) => Promise<void>;
}

interface Job {
  readonly name: string;
  readonly intervalMs: number;
  readonly run: (run: JobRun) => Promise<void>;
}

/** A job as `telovix console status` shows it. */
export interface JobStatus {
  readonly name: string;
  readonly interval_secs: number;
  readonly running: boolean;
  /** Process that runs it, or ran it last. */
  readonly holder: string | null;
  readonly next_run_at: string;
  readonly last_started_at: string | null;
  readonly last_finished_at: string | null;
  readonly outcome: "success" | "failure" | "lease_lost" | null;
  readonly error: string | null;
  readonly runs: number;
  readonly failures: number;
}

/** Where an ability has its periodic work done. */
export interface Scheduler {
  /**
   * Has `run` run every `intervalMs` by one process of the whole installation, whichever is free; a run that fails is tried again
   * within a minute. Call it before the Console runs.
   */
  every(name: string, intervalMs: number, run: (run: JobRun) => Promise<void>): void;
}

export interface JobsDeps {
  readonly db: Db;
  /** Name of this process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing?: JobTiming;
}

/** Runs scheduled work that must happen once over all replicas: a job is taken in PostgreSQL, held while it runs, and given back. */
export class Jobs implements Service, Scheduler {
  readonly name = "jobs";
  readonly #deps: JobsDeps;
  readonly #log: Log;
  readonly #timing: JobTiming;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #count: (by: number, labels: { job: string; outcome: string }) => void;
  readonly #seconds: (value: number, labels: { job: string }) => void;

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    this.#log = deps.log.child("jobs");
    this.#timing = deps.timing ?? JOB_TIMING;
    const { metrics } = deps;
    this.#count = metrics.counter(
      "telovix_console_job_runs_total",
      "Runs of scheduled jobs by this process, by outcome.",
    );
    this.#seconds = metrics.gauge(
      "telovix_console_job_last_seconds",
      "How long a job's last run by this process took.",
    );
    const held = metrics.gauge("telovix_console_jobs_running", "Scheduled jobs that this process runs right now.");
    metrics.onCollect(() => held(this.#running.size));
  }

  every(name: string, intervalMs: number, run: (run: JobRun) => Promise<void>): void {
    if (this.#jobs.has(name)) throw new Error(`two jobs are called ${name}`);
    this.#jobs.set(name, { name, intervalMs, run });
  }

  /** What is known of every job, also of those that other processes run. Rejects with AppError `unavailable`. */
  async list(): Promise<JobStatus[]> {
    return (await listJobs(this.#deps.db)).map((row) => ({
      name: row.name,
      interval_secs: row.interval_ms / 1000,
      running: row.running,
      holder: row.holder,
      next_run_at: row.next_run_at.toISOString(),
      last_started_at: row.started_at?.toISOString() ?? null,
      last_finished_at: row.finished_at?.toISOString() ?? null,
      outcome: row.outcome,
      error: row.error,
      runs: row.runs,
      failures: row.failures,
    }));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let registered = false;
    let told: string | undefined;
    while (!signal.aborted && this.#jobs.size > 0) {
      try {
        if (!registered) await registerJobs(this.#deps.db, [...this.#jobs.values()]);
        registered = true;
        await this.#claim(signal);
        told = undefined;
      } catch (error) {
        const action =
          (error instanceof AppError ? error.hint : undefined) ?? "See /readyz: what is wrong stands there.";
        const problem = errorMessage(error);
        // Once, not at each attempt.
        if (problem !== told) this.#log.warn("scheduled work waits for PostgreSQL", { problem, action });
        told = problem;
      }
      await clock.sleep(this.#timing.pollMs * (0.8 + Math.random() * 0.4), signal);
    }
    await Promise.all(this.#running.values());
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const free = [...this.#jobs.keys()].filter((name) => !this.#running.has(name));
    if (free.length === 0) return;
    for (const claimed of await claimDue(this.#deps.db, free, this.#deps.holder, this.#timing.leaseMs)) {
      const done = this.#carryOut(this.#jobs.get(claimed.name)!, claimed, signal);
      this.#running.set(
        claimed.name,
        done.finally(() => this.#running.delete(claimed.name)),
      );
    }
  }

  async #carryOut(job: Job, claimed: ClaimedJob, signal: AbortSignal): Promise<void> {
    const { db, clock } = this.#deps;
    const lost = new AbortController();
    const ended = new AbortController();
    const run: JobRun = {
      signal: AbortSignal.any([signal, lost.signal]),
      fencingToken: claimed.fencing_token,
      fence: async (tx) => {
        if (!(await isHeld(tx, claimed)))
          throw new AppError("conflict", `The job ${job.name} has been taken over by another process.`);
      },
    };
    const keeping = this.#keep(claimed, lost, ended.signal);
    const startedMs = clock.monotonicMs();
    let error: string | undefined;
    try {
      await job.run(run);
    } catch (thrown) {
      error = errorMessage(thrown).slice(0, MAX_ERROR_CHARS);
    }
    ended.abort();
    await keeping;
    this.#seconds((clock.monotonicMs() - startedMs) / 1000, { job: job.name });
    const outcome = lost.signal.aborted ? "lease_lost" : error === undefined ? "success" : "failure";
    this.#count(1, { job: job.name, outcome });
    if (outcome !== "success") this.#log.warn("a scheduled job failed", { job: job.name, outcome, error });
    // What a stop broke off shall go on elsewhere at once.
    const retryMs = signal.aborted && error !== undefined ? 0 : error === undefined ? undefined : RETRY_MS;
    await finishJob(db, claimed, error, retryMs).catch((thrown: unknown) => {
      // Its lease ends by itself, and the job is taken again.
      this.#log.warn("a job could not be given back", { job: job.name, error: errorMessage(thrown) });
    });
  }

  /** Renews the lease until the run has ended; aborts `lost` when the job is another's, or may be. */
  async #keep(claimed: ClaimedJob, lost: AbortController, ended: AbortSignal): Promise<void> {
    const { db, clock } = this.#deps;
    const { leaseMs, renewMs } = this.#timing;
    let heldUntilMs = clock.monotonicMs() + leaseMs;
    for (;;) {
      await clock.sleep(renewMs, ended);
      if (ended.aborted) return;
      const askedMs = clock.monotonicMs();
      try {
        if (!(await renewLease(db, claimed, leaseMs))) return lost.abort();
        heldUntilMs = askedMs + leaseMs;
      } catch (error) {
        this.#log.warn("a job's lease could not be renewed", { job: claimed.name, error: errorMessage(error) });
      }
      if (clock.monotonicMs() >= heldUntilMs) return lost.abort();
    }
  }
}
