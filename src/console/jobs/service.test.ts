import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Program } from "../../../test/harness/program.ts";
import { until } from "../../../test/harness/until.ts";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import type { PostgresTarget } from "../stores/postgres.ts";
import { scheduleHousekeeping } from "./housekeeping.ts";
import { Jobs, JOB_TIMING, type JobRun } from "./service.ts";

setDefaultTimeout(60_000);

let stores: TestStores;
beforeAll(async () => (stores = await testStores()));
afterAll(() => stores?.dispose());

const QUICK = { pollMs: 50, leaseMs: 1_000, renewMs: 200 };
const HOUR_MS = 3_600_000;

/** One Console's runner; disposing of it stops it as a Console stops. */
function runner(holder: string, name: string, run: (run: JobRun) => Promise<void>, intervalMs = HOUR_MS) {
  const metrics = new Metrics();
  const jobs = new Jobs({ db: stores.db, holder, clock: systemClock, log: silentLog, metrics, timing: QUICK });
  jobs.every(name, intervalMs, run);
  const stop = new AbortController();
  const running = jobs.run(stop.signal);
  const status = async () => (await jobs.list()).find((job) => job.name === name);
  return {
    jobs,
    metrics,
    status,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

/** A Console process that takes a job, says so, and never ends it. */
function holderProcess(target: PostgresTarget, name: string): Program {
  if ("url" in target) throw new Error("the test server has a socket");
  const at = (path: string): string => JSON.stringify(join(import.meta.dir, path));
  const code = `
    import { openPostgres } from ${at("../stores/postgres.ts")};
    import { systemClock } from ${at("../../core/clock.ts")};
    import { silentLog, Secret } from ${at("../../core/log.ts")};
    import { Metrics } from ${at("../../core/metrics.ts")};
    import { Jobs } from ${at("./service.ts")};
    const target = JSON.parse(await Bun.stdin.text());
    const db = await openPostgres({ ...target, password: new Secret(target.password) }, silentLog, new Metrics());
    const jobs = new Jobs({ db, holder: "dead/0", clock: systemClock, log: silentLog, metrics: new Metrics(), timing: ${JSON.stringify(QUICK)} });
    jobs.every(${JSON.stringify(name)}, ${HOUR_MS}, ({ fencingToken }) => { console.log("held", fencingToken); return new Promise(() => {}); });
    await jobs.run(new AbortController().signal);`;
  const input = JSON.stringify({ ...target, password: target.password.reveal() });
  return new Program(process.execPath, ["-e", code], { input });
}

describe("scheduled jobs", () => {
  test("of many processes each due run is done by one, every interval", async () => {
    const ran: string[] = [];
    const run = (holder: string) => async (): Promise<void> => void ran.push(holder);
    await using a = runner("a/0", "once", run("a"));
    await using _b = runner("b/0", "once", run("b"));
    await using _c = runner("c/0", "once", run("c"));
    await until(async () => (await a.status())?.outcome === "success");
    expect(ran.length).toBe(1);
    // Due again: the database's clock is moved for it.
    for (let round = 2; round < 6; round++) {
      await stores.db.system((tx) => tx`UPDATE jobs SET next_run_at = now() WHERE name = 'once'`);
      await until(async () => (await a.status())?.runs === round && !(await a.status())!.running);
      expect(ran.length).toBe(round);
    }
    const status = (await a.status())!;
    expect(status).toMatchObject({ interval_secs: 3600, failures: 0, error: null });
    expect(Date.parse(status.next_run_at) - Date.parse(status.last_started_at!)).toBe(HOUR_MS);
  });

  test("a holder killed with -9 loses the job to another process", async () => {
    expect(JOB_TIMING.leaseMs + 1.2 * JOB_TIMING.pollMs).toBeLessThan(60_000);
    await using dead = holderProcess(stores.postgres, "orphan");
    await until(() => /held 1/.exec(dead.output));
    const tokens: number[] = [];
    await using next = runner("next/0", "orphan", async ({ fencingToken }) => void tokens.push(fencingToken));
    // While the holder lives its lease is renewed, longer than it lasts.
    const leaseEnds = async (): Promise<number> => {
      const [job] = await stores.db.system(
        (tx) => tx<{ lease_until: Date }[]>`SELECT lease_until FROM jobs WHERE name = 'orphan'`,
      );
      return job!.lease_until.getTime();
    };
    const firstMs = await leaseEnds();
    await until(async () => (await leaseEnds()) > firstMs + 2 * QUICK.leaseMs);
    expect(tokens).toEqual([]);
    const killedMs = performance.now();
    await dead.stop("SIGKILL");
    await until(async () => tokens.length > 0);
    expect(performance.now() - killedMs).toBeLessThan(60_000);
    expect(tokens).toEqual([2]);
    expect(await next.status()).toMatchObject({ holder: "next/0", runs: 2, failures: 1 });
  });

  test("what a holder writes after it lost the job is refused, and its signal aborts", async () => {
    const refused: unknown[] = [];
    const lost = Promise.withResolvers<void>();
    await using a = runner("a/0", "fenced", async ({ fence, signal }) => {
      await stores.db.system(fence);
      signal.addEventListener("abort", () => lost.resolve(), { once: true });
      await lost.promise;
      await stores.db.system(fence).catch((error: unknown) => refused.push(error));
      throw new Error("too late");
    });
    await until(async () => (await a.status())?.running);
    // As if the process had been frozen past its lease, and another had taken over.
    await stores.db.system(
      (tx) => tx`UPDATE jobs SET holder = 'b/0', fencing_token = fencing_token + 1 WHERE name = 'fenced'`,
    );
    await lost.promise;
    await until(() => refused.length > 0);
    expect(refused[0]).toMatchObject({ code: "conflict" });
    await until(() => a.metrics.value("telovix_console_job_runs_total", { job: "fenced", outcome: "lease_lost" }));
    // The other's record is not touched.
    expect(await a.status()).toMatchObject({ holder: "b/0", outcome: null, error: null });
  });

  test("a failure is told and tried again sooner; a stop gives the job back at once", async () => {
    {
      await using a = runner("a/0", "failing", () => Promise.reject(new Error("no luck")));
      await until(async () => (await a.status())?.outcome === "failure");
      const status = (await a.status())!;
      expect(status).toMatchObject({ error: "no luck", failures: 1 });
      expect(Date.parse(status.next_run_at) - Date.parse(status.last_finished_at!)).toBe(60_000);
    }
    const begun: string[] = [];
    const long = (holder: string) => (run: JobRun) =>
      new Promise<void>((_resolve, reject) => {
        begun.push(holder);
        run.signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      });
    await using first = runner("a/0", "long", long("a"));
    await until(() => begun.length > 0);
    await using _second = runner("b/0", "long", long("b"));
    await first[Symbol.asyncDispose]();
    await until(() => begun.length > 1);
    expect(begun).toEqual(["a", "b"]);
  });

  test("sessions that have ended are removed, others are not", async () => {
    const { db } = stores;
    const tenantId = "01900000-0000-7000-8000-00000000000a";
    const userId = "01900000-0000-7000-8000-0000000000aa";
    const session = (hash: string, usedHoursAgo: number, endsInHours: number) =>
      db.system(
        (tx) => tx`INSERT INTO sessions (session_hash, tenant_id, user_id, csrf_token, last_used_at, expires_at)
          VALUES (${hash}, ${tenantId}, ${userId}, 'x', now() - ${usedHoursAgo} * interval '1 hour', now() + ${endsInHours} * interval '1 hour')`,
      );
    await db.system(async (tx) => {
      await tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'x')`;
      await tx`INSERT INTO users (user_id, tenant_id, email, name, role, password_hash)
        VALUES (${userId}, ${tenantId}, 'a@b.c', 'a', 'admin', 'x')`;
    });
    await session("alive", 1, 1);
    await session("idle", 13, 1);
    await session("old", 1, -1);
    const jobs = new Jobs({
      db,
      holder: "a/0",
      clock: systemClock,
      log: silentLog,
      metrics: new Metrics(),
      timing: QUICK,
    });
    scheduleHousekeeping(jobs, { db, clock: systemClock, log: silentLog });
    const stop = new AbortController();
    const running = jobs.run(stop.signal);
    await until(async () => (await jobs.list()).find((job) => job.name === "remove ended sessions")?.outcome);
    stop.abort();
    await running;
    expect(await db.system((tx) => tx`SELECT session_hash FROM sessions`)).toMatchObject([{ session_hash: "alive" }]);
  });
});
