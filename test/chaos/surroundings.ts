import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);
const run = async (file: string, ...args: string[]): Promise<void> => void (await exec(file, args));

/** Why this process may make no network namespaces and mounts, or undefined when it may. */
export async function refusesSurroundings(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  const name = `tvx-try-${process.pid}`;
  try {
    await run("ip", "netns", "add", name);
    await run("ip", "netns", "del", name);
    return undefined;
  } catch (error) {
    return `no network namespace can be made: ${String(error).split("\n")[0]}`;
  }
}

export interface TestNetwork extends AsyncDisposable {
  /** Put before a command, it runs in the namespace; mounts stay those of the host. */
  readonly prefix: readonly [string, ...string[]];
  /** Address of the namespace as this side sees it. */
  readonly address: string;
  cut(): Promise<void>;
  join(): Promise<void>;
}

/** A network namespace with one cable to this one, which can be cut. */
export async function makeNetwork(): Promise<TestNetwork> {
  const id = process.pid % 10_000;
  const name = `tvx-${id}`;
  const cable = `tvx${id}a`;
  const net = `10.213.${id % 250}`;
  const dispose = async (): Promise<void> => {
    await run("ip", "link", "del", cable).catch(() => {});
    await run("ip", "netns", "del", name).catch(() => {});
  };
  try {
    await run("ip", "netns", "add", name);
    await run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name);
    await run("ip", "addr", "add", `${net}.1/24`, "dev", cable);
    await run("ip", "link", "set", cable, "up");
    await run("ip", "-n", name, "addr", "add", `${net}.2/24`, "dev", "eth0");
    await run("ip", "-n", name, "link", "set", "eth0", "up");
    await run("ip", "-n", name, "link", "set", "lo", "up");
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    prefix: ["nsenter", `--net=/run/netns/${name}`],
    address: `${net}.2`,
    cut: () => run("ip", "link", "set", cable, "down"),
    join: () => run("ip", "link", "set", cable, "up"),
    [Symbol.asyncDispose]: dispose,
  };
}

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all that is free, and again what becomes free, for a while; then gives it back. */
  fill(forMs: number): Promise<void>;
}

/**
 * A file system of its own and of a fixed size, in a file. ext4, since what matters is how real ones behave when they are full: on
 * tmpfs the engine leaves parts with empty files behind.
 */
export async function makeSmallDisk(size: string): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), "telovix-chaos-"));
  const image = `${path}.img`;
  await run("truncate", "-s", size, image);
  await run("mkfs.ext4", "-q", "-m", "0", image);
  await run("mount", "-o", "loop", image, path);
  await chmod(path, 0o755);
  const ballast = join(path, "ballast");
  return {
    path,
    async fill(forMs) {
      const piece = Buffer.alloc(4 * 1024 * 1024, 1);
      const untilMs = performance.now() + forMs;
      while (performance.now() < untilMs) {
        const { bavail, bsize } = await statfs(path);
        const free = Math.min(piece.length, bavail * bsize);
        if (free > 0) await writeFile(ballast, piece.subarray(0, free), { flag: "a" }).catch(() => {});
        else await Bun.sleep(50);
      }
      await rm(ballast, { force: true });
    },
    async [Symbol.asyncDispose]() {
      await run("umount", "-l", path).catch(() => {});
      await rm(path, { recursive: true, force: true });
      await rm(image, { force: true });
    },
  };
}
