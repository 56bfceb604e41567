import { childrenOf, pidsWith, signalTo } from "../../src/sim/scenario/processes.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import type { KafkaBroker } from "../harness/kafka.ts";
import type { TestRedis } from "../harness/redis.ts";
import type { Cable, TestNetwork } from "./network.ts";
import type { RealSensor } from "./real-sensor.ts";
import type { SmallDisk } from "./small-disk.ts";

/** What a fault may be done to. */
export interface Ground {
  readonly bed: TestBed;
  readonly say: (line: string) => void;
  readonly network: TestNetwork | undefined;
  readonly consoleDisk: SmallDisk | undefined;
  readonly nodeDisk: SmallDisk | undefined;
  readonly sensor: RealSensor | undefined;
  readonly redis: TestRedis | undefined;
  readonly kafka: KafkaBroker | undefined;
}

export interface Fault {
  readonly name: string;
  /** No two faults are done to the same part at once. */
  readonly part: string;
  /** Does it and undoes what does not mend itself; `draw` is a number in [0, 1) for how long or how. */
  act(draw: number): Promise<void>;
}

const LAUNCHES = 10;

const killAll = async (pids: Promise<number[]>): Promise<void> => {
  for (const pid of await pids) signalTo(pid, "SIGKILL");
};

/** Stops processes for half a second to four seconds. */
async function hang(pids: readonly number[], draw: number): Promise<void> {
  for (const pid of pids) signalTo(pid, "SIGSTOP");
  await Bun.sleep(500 + draw * 3_500);
  for (const pid of pids) signalTo(pid, "SIGCONT");
}

/** As a service manager does it: a Console that cannot start now, on a full disk say, is started again. */
async function launch({ bed, say }: Ground): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await bed.launch();
    } catch (error) {
      await bed.kill("SIGKILL");
      if (tries === LAUNCHES) throw error;
      const why = /"message":"([^"]*)"|telovix: ([^\n]*)/.exec(String(error));
      say(`  the Console did not start: ${(why?.[1] ?? why?.[2] ?? String(error)).slice(0, 200)}; again`);
      await Bun.sleep(500);
    }
}

function consoleFaults(ground: Ground): Fault[] {
  const { bed } = ground;
  const end = (signal: "SIGKILL" | "SIGTERM"): Fault["act"] => {
    return async (draw) => {
      await bed.kill(signal);
      await Bun.sleep(draw * 1_500);
      await launch(ground);
    };
  };
  const postgres = async (): Promise<number[]> => {
    const parents = await bed.pids("postgres");
    return [...parents, ...(await childrenOf(parents))];
  };
  return [
    { name: "kill -9 clickhouse", part: "clickhouse", act: () => killAll(bed.pids("clickhouse")) },
    { name: "kill -9 postgres", part: "postgres", act: () => killAll(bed.pids("postgres")) },
    { name: "kill -9 console", part: "console", act: end("SIGKILL") },
    { name: "SIGTERM console", part: "console", act: end("SIGTERM") },
    {
      name: "clickhouse hangs",
      part: "clickhouse",
      act: async (draw) => hang(await bed.pids("clickhouse"), draw),
    },
    { name: "postgres hangs", part: "postgres", act: async (draw) => hang(await postgres(), draw) },
    { name: "console hangs", part: "console", act: (draw) => hang([bed.consolePid], draw) },
  ];
}

function workerFaults({ bed }: Ground): Fault[] {
  const one = async (draw: number): Promise<number[]> => {
    const pids = await bed.workers();
    return pids.slice(Math.floor(draw * pids.length)).slice(0, 1);
  };
  return [
    { name: "kill -9 worker", part: "console", act: (draw) => killAll(one(draw)) },
    { name: "worker hangs", part: "console", act: async (draw) => hang(await one(draw), draw) },
  ];
}

function sensorFaults({ stateDir }: RealSensor): Fault[] {
  const sensor = () => pidsWith(stateDir, "sensor run");
  const engine = () => pidsWith(stateDir, "telovix-engine run");
  return [
    { name: "kill -9 sensor", part: "sensor", act: () => killAll(sensor()) },
    { name: "kill -9 engine", part: "engine", act: () => killAll(engine()) },
    { name: "sensor hangs", part: "sensor", act: async (draw) => hang(await sensor(), draw) },
    { name: "engine hangs", part: "engine", act: async (draw) => hang(await engine(), draw) },
  ];
}

function helperFaults(name: string, helper: KafkaBroker | TestRedis): Fault[] {
  return [
    {
      name: `kill -9 ${name}`,
      part: name,
      async act(draw) {
        await helper.kill();
        await Bun.sleep(draw * 3_000);
        await ("resume" in helper ? helper.resume() : helper.up());
      },
    },
    {
      name: `${name} hangs`,
      part: name,
      async act(draw) {
        await helper.kill("SIGSTOP");
        await Bun.sleep(500 + draw * 3_500);
        await helper.kill("SIGCONT");
      },
    },
  ];
}

function cutOf(who: string, cable: Cable): Fault {
  return {
    name: `cable to ${who} cut`,
    part: `cable to ${who}`,
    async act(draw) {
      await cable.cut();
      await Bun.sleep(500 + draw * 4_000);
      await cable.join();
    },
  };
}

function fullOf(whose: string, disk: SmallDisk): Fault {
  return { name: `${whose} disk full`, part: `${whose} disk`, act: (draw) => disk.fill(500 + draw * 3_500) };
}

/** The faults that can be done here, in an order that is always the same. */
export function faultsOf(ground: Ground, workers: number): Fault[] {
  const { network, consoleDisk, nodeDisk, sensor, redis, kafka } = ground;
  return [
    ...consoleFaults(ground),
    ...(workers > 1 ? workerFaults(ground) : []),
    ...(sensor ? sensorFaults(sensor) : []),
    ...(redis ? helperFaults("redis", redis) : []),
    ...(kafka ? helperFaults("kafka", kafka) : []),
    ...(network ? [cutOf("fleet", network.fleet)] : []),
    ...(network && sensor ? [cutOf("node", network.node)] : []),
    ...(network && (redis ?? kafka) ? [cutOf("helpers", network.helpers)] : []),
    ...(consoleDisk ? [fullOf("console's", consoleDisk)] : []),
    ...(nodeDisk && sensor ? [fullOf("node's", nodeDisk)] : []),
  ];
}
