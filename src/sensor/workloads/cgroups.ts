import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { workloadOf } from "../enrich/workload.ts";

/** More than the engine takes of them. */
const MAX_GROUPS = 262_144;
const MAX_DEPTH = 64;

/** Ids of control groups, as the kernel has them: numbers of 64 bits. */
export interface Groups {
  /** By container: its own and all below it. */
  readonly containers: ReadonlyMap<string, readonly bigint[]>;
  /** Those outside containers. */
  readonly host: readonly bigint[];
  /** True: there were too many, or they went too deep. */
  readonly isCut: boolean;
}

function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Where the control groups (version 2) are mounted, of the text of /proc/PID/mountinfo; the whole tree rather than a part of it. */
export function cgroupMountOf(mountinfo: string): string | undefined {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [, , , root, mount] = before!.split(" ");
    return after?.startsWith("cgroup2 ") && root && mount ? [{ root, mount: unescaped(mount) }] : [];
  });
  return (mounts.find(({ root }) => root === "/") ?? mounts[0])?.mount;
}

/** Where this process finds them. Rejects when they are mounted nowhere. */
export async function cgroupMount(): Promise<string> {
  const mount = cgroupMountOf(await readFile("/proc/self/mountinfo", "utf8"));
  if (mount === undefined) throw new Error("those of version 2 are not mounted");
  return mount;
}

interface Step {
  /** Below the mount. */
  readonly path: string;
  readonly depth: number;
  /** Of the container it is inside of. */
  readonly container: string | undefined;
}

/** Walks the control groups below a mount. Those that go while it looks are left out; rejects when the mount itself can't be read. */
export async function walkGroups(mount: string, maxGroups = MAX_GROUPS): Promise<Groups> {
  await readdir(mount);
  const containers = new Map<string, bigint[]>();
  const host: bigint[] = [];
  const steps: Step[] = [{ path: "/", depth: 0, container: undefined }];
  let isCut = false;
  for (let seen = 0; ; seen++) {
    const step = steps.pop();
    if (!step) return { containers, host, isCut };
    const { path, depth, container } = step;
    const found = await stat(join(mount, path), { bigint: true }).catch(() => undefined);
    if (!found) continue;
    const of = container === undefined ? host : (containers.get(container) ?? []);
    of.push(found.ino);
    if (container !== undefined) containers.set(container, of);
    // The kernel counts a group's children in its links: those without any are not read.
    if (found.nlink === 2n) continue;
    const entries = await readdir(join(mount, path), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      if (depth === MAX_DEPTH || seen + 1 + steps.length >= maxGroups) {
        isCut = true;
        break;
      }
      const below = path === "/" ? `/${entry.name}` : `${path}/${entry.name}`;
      steps.push({ path: below, depth: depth + 1, container: container ?? workloadOf(below)?.container_id });
    }
  }
}
