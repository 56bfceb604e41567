import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readPartSizes } from "./part-checksums.ts";

/** `<partition>_<first>_<last>_<level>`; parts that are being written begin with tmp. */
const PART = /^[0-9A-Za-z-]+_\d+_\d+_\d+(?:_\d+)?$/;
/** Small files that stand in no list of sizes; each is written at once or not at all, and none is empty. */
const SMALL = /\.(txt|json)$/;
/**
 * The kernel's clock for directories moves in steps: a time younger than this may stand for a second change too, and the directory is read
 * again.
 */
const SETTLED_MS = 1_000;

interface Looked {
  /** When the directory had last changed before it was read; undefined: it is to be read again whatever its time says. */
  readonly changedNs: bigint | undefined;
  /** Parts that were found whole. */
  readonly whole: ReadonlySet<string>;
}

/**
 * Looks at every part once, after it was written: the engine takes a write that the disk refused (full, over quota, failing) for done,
 * and calls a part durable whose files are empty. Files are compared with the sizes that the engine noted.
 *
 * Nothing here waits: what was just written is in memory, and two dozen questions to the kernel cost less than handing over one of them.
 */
export class PartWatch {
  /** By the directory of their table. */
  readonly #looked = new Map<string, Looked>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Takes the parts of a table that are there as whole. */
  adopt(tableDir: string): void {
    const whole = new Set(namesIn(tableDir).filter((name) => PART.test(name)));
    this.#looked.set(tableDir, { changedNs: undefined, whole });
  }

  /** Parts of a table that are not as they were written, among those not looked at before. */
  look(tableDir: string): string[] {
    const before = this.#looked.get(tableDir);
    const beganMs = this.#nowMs();
    const changedNs = changeOf(tableDir);
    if (changedNs !== undefined && changedNs === before?.changedNs) return [];
    const broken: string[] = [];
    const whole = new Set<string>();
    let settled = changedNs !== undefined && Number(changedNs / 1_000_000n) < beganMs - SETTLED_MS;
    for (const name of namesIn(tableDir)) {
      if (before?.whole.has(name)) {
        whole.add(name);
        continue;
      }
      if (!PART.test(name)) continue;
      const fault = faultOf(join(tableDir, name));
      if (fault === undefined) whole.add(name);
      else {
        settled = false;
        if (fault !== GONE) broken.push(`${name}: ${fault}`);
      }
    }
    this.#looked.set(tableDir, { changedNs: settled ? changedNs : undefined, whole });
    return broken;
  }
}

const GONE = "gone";

/** When names in a directory last changed; undefined when there is no such directory. */
function changeOf(dir: string): bigint | undefined {
  return statSync(dir, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}

/** Names in a directory; none when there is no such directory. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What is wrong with a part; undefined: nothing. */
function faultOf(dir: string): string | undefined {
  try {
    const sizes = readPartSizes(readFileSync(join(dir, "checksums.txt")));
    for (const name of namesIn(dir))
      if (SMALL.test(name) && !sizes?.has(name) && statSync(join(dir, name)).size === 0) return `${name} is empty`;
    for (const [name, size] of sizes ?? []) {
      const found = statSync(join(dir, name));
      // A projection is a part within the part.
      const fault = found.isDirectory() ? withName(name, faultOf(join(dir, name))) : wrongSize(name, found.size, size);
      if (fault !== undefined) return fault;
    }
    return sizes ? undefined : "checksums.txt is damaged";
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Old parts are removed while others look at them.
    return namesIn(dir).length === 0 ? GONE : "a file is missing";
  }
}

const wrongSize = (name: string, found: number, noted: number): string | undefined =>
  found === noted ? undefined : `${name} has ${found} bytes instead of ${noted}`;

const withName = (name: string, fault: string | undefined): string | undefined => fault && `${name}/${fault}`;

const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
