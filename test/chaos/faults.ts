import { pidsWith, signalTo } from "../../src/sim/scenario/processes.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import type { RealSensor } from "./real-sensor.ts";
import type { SmallDisk, TestNetwork } from "./surroundings.ts";

/** What a fault may be done to. */
export interface Ground {
  readonly bed: TestBed;
  readonly network: TestNetwork | undefined;
  readonly disk: SmallDisk | undefined;
  readonly sensor: RealSensor | undefined;
  /** The Console serves with several processes. */
  readonly workers: boolean;
}

export interface Fault {
  readonly name: string;
  /** Does it and undoes what does not mend itself; `draw` is a number in [0, 1) for how long or how. */
  act(draw: number): Promise<void>;
}

async function killAll(pids: Promise<number[]>): Promise<void> {
  for (const pid of await pids) signalTo(pid, "SIGKILL");
}

/** The faults that can be done here, in an order that is always the same. */
export function faultsOf({ bed, network, disk, sensor, workers }: Ground): Fault[] {
  const faults: Fault[] = [
    { name: "kill -9 clickhouse", act: () => killAll(bed.pids("clickhouse")) },
    { name: "kill -9 postgres", act: () => killAll(bed.pids("postgres")) },
    {
      name: "kill -9 console",
      async act(draw) {
        await bed.kill("SIGKILL");
        await Bun.sleep(draw * 1_500);
        await bed.launch();
      },
    },
    {
      name: "SIGTERM console",
      async act(draw) {
        await bed.kill("SIGTERM");
        await Bun.sleep(draw * 500);
        await bed.launch();
      },
    },
    {
      name: "clickhouse hangs",
      async act(draw) {
        const pids = await bed.pids("clickhouse");
        for (const pid of pids) signalTo(pid, "SIGSTOP");
        await Bun.sleep(500 + draw * 3_000);
        for (const pid of pids) signalTo(pid, "SIGCONT");
      },
    },
    {
      name: "console hangs",
      async act(draw) {
        signalTo(bed.consolePid, "SIGSTOP");
        await Bun.sleep(500 + draw * 2_000);
        signalTo(bed.consolePid, "SIGCONT");
      },
    },
  ];
  if (workers)
    faults.push({
      name: "kill -9 worker",
      async act(draw) {
        const pids = await bed.workers();
        const pid = pids[Math.floor(draw * pids.length)];
        if (pid !== undefined) signalTo(pid, "SIGKILL");
      },
    });
  if (sensor) {
    faults.push({ name: "kill -9 sensor", act: () => killAll(pidsWith(sensor.stateDir, "sensor run")) });
    faults.push({ name: "kill -9 engine", act: () => killAll(pidsWith(sensor.stateDir, "telovix-engine run")) });
  }
  if (network)
    faults.push({
      name: "network cut",
      async act(draw) {
        await network.cut();
        await Bun.sleep(500 + draw * 4_000);
        await network.join();
      },
    });
  if (disk) faults.push({ name: "disk full", act: (draw) => disk.fill(500 + draw * 3_000) });
  return faults;
}
