import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventSearchResult } from "../../src/core/api/events.ts";
import type { SensorList } from "../../src/core/api/sensors.ts";
import { randomHex } from "../../src/core/ids.ts";
import { checkRun } from "../../src/sim/check/check.ts";
import { StoredEvents } from "../../src/sim/check/store.ts";
import { SimState } from "../../src/sim/enrol/state.ts";
import { chance, mix } from "../../src/sim/mix.ts";
import { DEFAULT_BEHAVIOUR, type Behaviour } from "../../src/sim/options.ts";
import { verdictText } from "../../src/sim/report.ts";
import { startRun, untilDrained } from "../../src/sim/run.ts";
import { TestBed } from "../../src/sim/scenario/bed.ts";
import { BUILT_FILE, eventually } from "../harness/built-console.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { foundExecs, numberedExecs } from "./execs.ts";
import { faultsOf } from "./faults.ts";
import { startRealSensor } from "./real-sensor.ts";
import { makeNetwork, makeSmallDisk, refusesSurroundings } from "./surroundings.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
const SEED = Number(process.env["CHAOS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Every other seed tries a Console of several processes. */
const WORKERS = 1 + (SEED % 2);
const SENSORS = Number(process.env["SENSORS"] ?? 40);
/** Room for the unpacked stores and what the rounds add; small enough to be filled at once. */
const DISK = ROUNDS > 50 ? "6G" : "2G";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const noSurroundings = await refusesSurroundings();
const noBpf = await kernelRefusesBpf();
if (noSurroundings) say(`SKIPPED: chaos by network cuts and full disks: ${noSurroundings}`);
if (noBpf) say(`SKIPPED: chaos with a real sensor: ${noBpf}`);

const behaviour: Behaviour = {
  ...DEFAULT_BEHAVIOUR,
  n: SENSORS,
  seed: SEED,
  alertShare: 0.05,
  burst: { probability: 0.01, size: 200 },
  flap: 0.1,
  clockSkew: 0.05,
  rampMs: 1_000,
  durationMs: 24 * 3_600_000,
};

describe("random faults", () => {
  test(
    `leave every event found once or in the ledger: ${ROUNDS} rounds, CHAOS_SEED=${SEED}`,
    async () => {
      say(`chaos: CHAOS_SEED=${SEED} ROUNDS=${ROUNDS} SENSORS=${SENSORS}, ${WORKERS} worker(s)`);
      await using network = noSurroundings ? undefined : await makeNetwork();
      await using disk = noSurroundings ? undefined : await makeSmallDisk(DISK);
      await using bed = await TestBed.start({
        command: [...(network?.prefix ?? []), BUILT_FILE] as unknown as [string, ...string[]],
        ...(network ? { host: network.address } : {}),
        ...(disk ? { parent: disk.path } : {}),
        args: WORKERS > 1 ? ["--workers", String(WORKERS)] : [],
      });
      // Not on the small disk: the generator and the fleet's keys are not what is tried.
      const home = await mkdtemp(join(tmpdir(), "telovix-chaos-home-"));
      const signal = new AbortController().signal;
      try {
        await using sensor = noBpf ? undefined : await startRealSensor(bed, home);
        if (sensor)
          await eventually(async () =>
            (await bed.api<SensorList>("GET", "/api/v1/sensors")).sensors.find((s) => s.runtime_state === "running"),
          );
        const state = new SimState(join(home, "sim"));
        const place = { hostname: bed.host, port: bed.port };
        const running = await startRun({
          behaviour,
          state,
          console: place,
          token: () => bed.token(),
          processes: 1,
          say,
          signal,
        });
        await using fleet = running.fleet;
        const mark = `chaos${randomHex(6)}`;
        const stopExecs = noBpf ? undefined : await numberedExecs(home, mark);
        await Bun.sleep(3_000);

        const faults = faultsOf({ bed, network, disk, sensor, workers: WORKERS > 1 });
        for (let round = 1; round <= ROUNDS; round++) {
          // The short form goes through as many different ones as it has rounds.
          const first = faults[(mix(SEED, 1) + round * 3) % faults.length]!;
          const second = chance(SEED, 2, round) < 0.3 ? faults[mix(SEED, 3, round) % faults.length]! : undefined;
          const both =
            second && second !== first && !/console/.test(first.name + second.name) ? [first, second] : [first];
          say(`round ${round}: ${both.map((f) => f.name).join(" and ")}`);
          await Promise.all(both.map((f, i) => f.act(chance(SEED, 4, round, i))));
          await Bun.sleep(500 + chance(SEED, 5, round) * 2_500);
        }

        await fleet.endEvents();
        const total = await stopExecs?.();
        const elapsedMs = Date.now() - running.startAtMs;
        const tell = ({ generated, acked, live }: { generated: number; acked: number; live: number }): void =>
          say(`${live} up; ${generated} made, ${acked} acknowledged`);
        const { tally } = await fleet.status();
        const { stuck, drainMs } = await untilDrained(running, elapsedMs, tell, signal);
        const results = await fleet.results();
        await using store = await StoredEvents.open({ dataDir: bed.dataDir });
        const check = { behaviour, run: running.run, results, sinceMs: running.startAtMs - 1_000, store };
        const verdict = await checkRun(check);
        say(`${verdictText(verdict)}; drained in ${(drainMs / 1000).toFixed(1)} s`);
        say(`streams ended: ${JSON.stringify(tally.reasons)}`);
        if (stuck || !verdict.ok)
          say(
            bed.output
              .split("\n")
              .slice(-30)
              .map((l) => l.slice(0, 400))
              .join("\n"),
          );
        expect({ stuck, mismatches: verdict.mismatches }).toEqual({ stuck: false, mismatches: [] });

        if (total === undefined) return;
        await bed.signIn();
        // What an outage left is delivered beside what happens now, so the last one says nothing of those before it.
        await eventually(async () => ((await foundExecs(bed, mark)).size === total ? true : undefined)).catch(() => {});
        const found = await foundExecs(bed, mark);
        const missing = Array.from({ length: total }, (_, i) => i + 1).filter((n) => !found.has(n));
        if (missing.length > 0) {
          const near = await bed.api<EventSearchResult>(
            "GET",
            `/api/v1/events?kind=engine_start,engine_stop,engine_loss,process_exec_burst&since=24h&limit=50`,
          );
          say(JSON.stringify(near.events.map(({ observed_at, kind, message }) => ({ observed_at, kind, message }))));
          say(JSON.stringify(await store.ledger(0)));
        }
        expect({ missing, twice: [...found].filter(([, times]) => times > 1) }).toEqual({ missing: [], twice: [] });
        say(`${total} real executions, each found once`);
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
    (ROUNDS * 20 + 240) * 1_000,
  );
});
