import type { Db, Tx } from "../stores/contract.ts";

/** A job that this process holds. */
export interface ClaimedJob {
  name: string;
  fencing_token: number;
}

export interface JobRow {
  name: string;
  interval_ms: number;
  next_run_at: Date;
  holder: string | null;
  running: boolean;
  started_at: Date | null;
  finished_at: Date | null;
  outcome: "success" | "failure" | "lease_lost" | null;
  error: string | null;
  runs: number;
  failures: number;
}

/** Makes the jobs known; one that is new is due at once, one whose interval shrank no later than that. */
export async function registerJobs(
  db: Db,
  jobs: readonly { readonly name: string; readonly intervalMs: number }[],
): Promise<void> {
  await db.system(
    (tx) => tx`
      INSERT INTO jobs (name, interval_ms)
      SELECT * FROM unnest(${jobs.map((j) => j.name)}::text[], ${jobs.map((j) => String(j.intervalMs))}::bigint[])
      ON CONFLICT (name) DO UPDATE SET interval_ms = excluded.interval_ms,
        next_run_at = least(jobs.next_run_at, now() + excluded.interval_ms * interval '1 millisecond')
      WHERE jobs.interval_ms <> excluded.interval_ms`,
  );
}

/** Takes what is due and held by nobody alive; each job by one process only. */
export function claimDue(db: Db, names: readonly string[], holder: string, leaseMs: number): Promise<ClaimedJob[]> {
  return db.system(
    (tx) => tx<ClaimedJob[]>`
      UPDATE jobs SET holder = ${holder}, fencing_token = fencing_token + 1, started_at = clock_timestamp(), runs = runs + 1,
        lease_until = clock_timestamp() + ${leaseMs}::int * interval '1 millisecond',
        outcome = CASE WHEN lease_until IS NULL THEN outcome ELSE 'lease_lost' END,
        failures = failures + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END
      WHERE name IN (SELECT name FROM jobs WHERE name = ANY(${names as string[]}::text[]) AND next_run_at <= clock_timestamp()
                       AND (lease_until IS NULL OR lease_until < clock_timestamp()) FOR UPDATE SKIP LOCKED)
      RETURNING name, fencing_token`,
  );
}

/** Holds a job for longer; false when it is another's by now. */
export function renewLease(db: Db, job: ClaimedJob, leaseMs: number): Promise<boolean> {
  return db.system(
    async (tx) =>
      (
        await tx`
          UPDATE jobs SET lease_until = clock_timestamp() + ${leaseMs}::int * interval '1 millisecond'
          WHERE name = ${job.name} AND fencing_token = ${job.fencing_token} AND lease_until IS NOT NULL RETURNING 1`
      ).length > 0,
  );
}

/** Gives a job back. It is due again an interval after it began, or after `retryMs`. False when it is another's by now. */
export function finishJob(
  db: Db,
  job: ClaimedJob,
  error: string | undefined,
  retryMs: number | undefined,
): Promise<boolean> {
  const failed = error !== undefined;
  return db.system(
    async (tx) =>
      (
        await tx`
          UPDATE jobs SET lease_until = NULL, finished_at = clock_timestamp(), outcome = ${failed ? "failure" : "success"},
            error = ${error ?? null}, failures = failures + ${failed ? 1 : 0},
            next_run_at = CASE WHEN ${retryMs ?? null}::int IS NULL THEN greatest(clock_timestamp(), started_at + interval_ms * interval '1 millisecond')
                               ELSE clock_timestamp() + least(interval_ms, ${retryMs ?? 0}::int) * interval '1 millisecond' END
          WHERE name = ${job.name} AND fencing_token = ${job.fencing_token} RETURNING 1`
      ).length > 0,
  );
}

/** True while the job is held under this token; it cannot change hands before the transaction ends. */
export async function isHeld(tx: Tx, job: ClaimedJob): Promise<boolean> {
  const rows = await tx`
    SELECT 1 FROM jobs WHERE name = ${job.name} AND fencing_token = ${job.fencing_token} AND lease_until IS NOT NULL FOR SHARE`;
  return rows.length > 0;
}

export function listJobs(db: Db): Promise<JobRow[]> {
  return db.system(
    (tx) => tx<JobRow[]>`
      SELECT name, interval_ms, next_run_at, holder, coalesce(lease_until > clock_timestamp(), false) AS running, started_at,
        finished_at, outcome, error, runs, failures
      FROM jobs ORDER BY name`,
  );
}

/** Removes sessions that have ended by themselves; answers how many there were. */
export function removeEndedSessions(
  db: Db,
  now: Date,
  idleSince: Date,
  fence: (tx: Tx) => Promise<void>,
): Promise<number> {
  return db.system(async (tx) => {
    await fence(tx);
    return (await tx`DELETE FROM sessions WHERE expires_at <= ${now} OR last_used_at <= ${idleSince} RETURNING 1`)
      .length;
  });
}
