import { execFile } from "node:child_process";
import { promisify } from "node:util";

const exec = promisify(execFile);
const ip = async (...args: string[]): Promise<string> => (await exec("ip", args)).stdout;

/** Why this process may make no network namespaces, or undefined when it may. */
export async function refusesNamespaces(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  const name = `tvx-${process.pid}-try`;
  try {
    await ip("netns", "add", name);
    await ip("netns", "del", name);
    return undefined;
  } catch (error) {
    return `no network namespace can be made: ${String(error).split("\n")[0]}`;
  }
}

/** Removes what runs left behind that were killed before they could clean up. */
async function sweep(): Promise<void> {
  for (const name of (await ip("netns", "list")).match(/^tvx-\d+-\S+/gm) ?? []) {
    const alive = await Bun.file(`/proc/${name.split("-")[1]}/stat`).exists();
    if (!alive) await ip("netns", "del", name).catch(() => {});
  }
}

/** One cable between two namespaces, which can be cut. */
export interface Cable {
  /** Addresses of its ends: that at the Console's, and the other. */
  readonly console: string;
  readonly other: string;
  cut(): Promise<void>;
  join(): Promise<void>;
}

/** The Console and a node in network namespaces of their own; everything else is where the test is. */
export interface TestNetwork extends AsyncDisposable {
  /** Put before a command, they run in the namespace; mounts stay those of the host. */
  readonly asConsole: readonly [string, ...string[]];
  readonly asNode: readonly [string, ...string[]];
  /** From the Console to the simulated fleet, to the real node, and to Redis and Kafka. */
  readonly fleet: Cable;
  readonly node: Cable;
  readonly helpers: Cable;
}

let networks = 0;

/** Makes namespaces and cables; root only. */
export async function makeNetwork(): Promise<TestNetwork> {
  await sweep();
  const id = (process.pid + ++networks * 7) % 250;
  const [home, far] = [`tvx-${process.pid}-c${networks}`, `tvx-${process.pid}-n${networks}`];
  const prefix = (name: string): readonly [string, ...string[]] => ["nsenter", `--net=/run/netns/${name}`];
  const dispose = async (): Promise<void> => {
    // Cables go with either end.
    for (const name of [home, far]) await ip("netns", "del", name).catch(() => {});
  };
  const lay = async (kind: number, namespace?: string): Promise<Cable> => {
    const net = `10.${213 + kind}.${id}`;
    const there = namespace === undefined ? [] : ["-n", namespace];
    const [end, homeEnd] = [`tvx${process.pid}${"fnh"[kind]}${networks}`, `eth${kind}`];
    await ip(...there, "link", "add", end, "type", "veth", "peer", "name", homeEnd, "netns", home);
    await ip(...there, "addr", "add", `${net}.1/24`, "dev", end);
    await ip(...there, "link", "set", end, "up");
    await ip("-n", home, "addr", "add", `${net}.2/24`, "dev", homeEnd);
    await ip("-n", home, "link", "set", homeEnd, "up");
    return {
      console: `${net}.2`,
      other: `${net}.1`,
      cut: async () => void (await ip(...there, "link", "set", end, "down")),
      join: async () => void (await ip(...there, "link", "set", end, "up")),
    };
  };
  try {
    for (const name of [home, far]) {
      await ip("netns", "add", name);
      await ip("-n", name, "link", "set", "lo", "up");
    }
    return {
      asConsole: prefix(home),
      asNode: prefix(far),
      fleet: await lay(0),
      node: await lay(1, far),
      helpers: await lay(2),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
