import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestBed } from "../../src/sim/scenario/bed.ts";
import { KafkaBroker } from "../harness/kafka.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { TestRedis } from "../harness/redis.ts";
import type { Ground, Parts } from "./faults.ts";
import type { Kind } from "./kinds.ts";
import { makeNetwork, refusesNamespaces } from "./network.ts";
import { startRealSensor } from "./real-sensor.ts";
import { makeSmallDisk } from "../../src/sim/scenario/small-disk.ts";

/** Room for the unpacked stores and what the rounds add; small enough to be filled at once. */
const CONSOLE_DISK = "6G";
const NODE_DISK = "512M";

const noSurroundings = await refusesNamespaces();
const noBpf = await kernelRefusesBpf();
if (noSurroundings) process.stderr.write(`SKIPPED: chaos by network cuts and full disks: ${noSurroundings}\n`);
if (noBpf) process.stderr.write(`SKIPPED: chaos with a real sensor: ${noBpf}\n`);

/** What an installation of a kind has on this host. */
export function partsOf({ workers, redis, kafka }: Kind): Parts {
  return { workers: workers > 1, redis, kafka, sensor: !noBpf, surroundings: !noSurroundings };
}

/** An installation of a kind, with what can be done to it. */
export interface Standing extends AsyncDisposable {
  readonly ground: Ground;
  /** For what is not on trial: keys of the fleet, the program that runs other programs. */
  readonly home: string;
}

/** Starts an installation of a kind: the Console in a network namespace on a small disk, a real node in another on another. */
export async function stand(file: string, kind: Kind, say: (line: string) => void): Promise<Standing> {
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), `telovix-chaos-${process.pid}-home-`));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const network = noSurroundings ? undefined : stack.use(await makeNetwork());
  const consoleDisk = noSurroundings ? undefined : stack.use(await makeSmallDisk(CONSOLE_DISK));
  const nodeDisk = noSurroundings || noBpf ? undefined : stack.use(await makeSmallDisk(NODE_DISK));
  const redis = kind.redis ? stack.use(await TestRedis.start(network?.helpers.other)) : undefined;
  const kafka = kind.kafka ? stack.use(await KafkaBroker.start(network?.helpers.other)) : undefined;
  const bed = stack.use(
    await TestBed.start({
      command: [...(network?.asConsole ?? []), file] as unknown as [string, ...string[]],
      ...(network ? { host: network.fleet.console } : {}),
      ...(consoleDisk ? { parent: consoleDisk.path } : {}),
      args: [
        ...(kind.workers > 1 ? ["--workers", String(kind.workers)] : []),
        ...(redis ? ["--redis-url", redis.url.reveal()] : []),
        ...(kafka ? ["--redpanda-url", kafka.url.reveal()] : []),
      ],
    }),
  );
  const sensor = noBpf
    ? undefined
    : stack.use(
        await startRealSensor(bed, {
          command: [...(network?.asNode ?? []), file] as unknown as [string, ...string[]],
          consoleUrl: network ? `https://${network.node.console}:${bed.port}` : bed.url,
          home: nodeDisk?.path ?? home,
        }),
      );
  const kept = stack.move();
  return {
    ground: { bed, say, network, consoleDisk, nodeDisk, sensor, redis, kafka },
    home,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
