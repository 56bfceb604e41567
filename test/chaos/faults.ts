import { childrenOf, pidsWith, signalTo } from "../../src/sim/scenario/processes.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import type { KafkaBroker } from "../harness/kafka.ts";
import type { TestRedis } from "../harness/redis.ts";
import type { Cable, TestNetwork } from "./network.ts";
import type { RealSensor } from "./real-sensor.ts";
import type { SmallDisk } from "../../src/sim/scenario/small-disk.ts";

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

/** Which of the parts that a fault may be done to an installation has. */
export interface Parts {
  readonly workers: boolean;
  readonly redis: boolean;
  readonly kafka: boolean;
  /** A real sensor with its engine. */
  readonly sensor: boolean;
  /** Cables that can be cut, and disks that can be full. */
  readonly surroundings: boolean;
}

export interface Fault {
  readonly name: string;
  /** No two faults are done to the same part at once. */
  readonly part: string;
  /** Does it and undoes what does not mend itself; `draw` is a number in [0, 1) for how long or how. */
  act(ground: Ground, draw: number): Promise<void>;
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

const end = (signal: "SIGKILL" | "SIGTERM"): Fault["act"] => {
  return async (ground, draw) => {
    await ground.bed.kill(signal);
    await Bun.sleep(draw * 1_500);
    await launch(ground);
  };
};

async function postgresPids({ bed }: Ground): Promise<number[]> {
  const parents = await bed.pids("postgres");
  return [...parents, ...(await childrenOf(parents))];
}

async function oneWorker({ bed }: Ground, draw: number): Promise<number[]> {
  const pids = await bed.workers();
  return pids.slice(Math.floor(draw * pids.length)).slice(0, 1);
}

const sensorPids = ({ sensor }: Ground) => pidsWith(sensor!.stateDir, "sensor run");
const enginePids = ({ sensor }: Ground) => pidsWith(sensor!.stateDir, "telovix-engine run");

const CONSOLE: readonly Fault[] = [
  { name: "kill -9 clickhouse", part: "clickhouse", act: ({ bed }) => killAll(bed.pids("clickhouse")) },
  { name: "kill -9 postgres", part: "postgres", act: ({ bed }) => killAll(bed.pids("postgres")) },
  { name: "kill -9 console", part: "console", act: end("SIGKILL") },
  { name: "SIGTERM console", part: "console", act: end("SIGTERM") },
  {
    name: "clickhouse hangs",
    part: "clickhouse",
    act: async ({ bed }, draw) => hang(await bed.pids("clickhouse"), draw),
  },
  { name: "postgres hangs", part: "postgres", act: async (ground, draw) => hang(await postgresPids(ground), draw) },
  { name: "console hangs", part: "console", act: ({ bed }, draw) => hang([bed.consolePid], draw) },
];

const WORKERS: readonly Fault[] = [
  { name: "kill -9 worker", part: "console", act: (ground, draw) => killAll(oneWorker(ground, draw)) },
  { name: "worker hangs", part: "console", act: async (ground, draw) => hang(await oneWorker(ground, draw), draw) },
];

const SENSOR: readonly Fault[] = [
  { name: "kill -9 sensor", part: "sensor", act: (ground) => killAll(sensorPids(ground)) },
  { name: "kill -9 engine", part: "engine", act: (ground) => killAll(enginePids(ground)) },
  { name: "sensor hangs", part: "sensor", act: async (ground, draw) => hang(await sensorPids(ground), draw) },
  { name: "engine hangs", part: "engine", act: async (ground, draw) => hang(await enginePids(ground), draw) },
];

function helperFaults(name: "redis" | "kafka"): Fault[] {
  return [
    {
      name: `kill -9 ${name}`,
      part: name,
      async act(ground, draw) {
        const helper: KafkaBroker | TestRedis = ground[name]!;
        await helper.kill();
        await Bun.sleep(draw * 3_000);
        await ("resume" in helper ? helper.resume() : helper.up());
      },
    },
    {
      name: `${name} hangs`,
      part: name,
      async act(ground, draw) {
        await ground[name]!.kill("SIGSTOP");
        await Bun.sleep(500 + draw * 3_500);
        await ground[name]!.kill("SIGCONT");
      },
    },
  ];
}

function cutOf(who: "fleet" | "node" | "helpers"): Fault {
  return {
    name: `cable to ${who} cut`,
    part: `cable to ${who}`,
    async act({ network }, draw) {
      const cable: Cable = network![who];
      await cable.cut();
      await Bun.sleep(500 + draw * 4_000);
      await cable.join();
    },
  };
}

function fullOf(whose: string, disk: (ground: Ground) => SmallDisk | undefined): Fault {
  const act: Fault["act"] = (ground, draw) => disk(ground)!.fill(500 + draw * 3_500);
  return { name: `${whose} disk full`, part: `${whose} disk`, act };
}

/** The faults that can be done to such an installation, in an order that is always the same. */
export function faultsOf({ workers, redis, kafka, sensor, surroundings }: Parts): Fault[] {
  return [
    ...CONSOLE,
    ...(workers ? WORKERS : []),
    ...(sensor ? SENSOR : []),
    ...(redis ? helperFaults("redis") : []),
    ...(kafka ? helperFaults("kafka") : []),
    ...(surroundings ? [cutOf("fleet"), fullOf("console's", ({ consoleDisk }) => consoleDisk)] : []),
    ...(surroundings && sensor ? [cutOf("node"), fullOf("node's", ({ nodeDisk }) => nodeDisk)] : []),
    ...(surroundings && (redis || kafka) ? [cutOf("helpers")] : []),
  ];
}
