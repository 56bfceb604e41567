import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readPartSizes } from "./part-checksums.ts";

/** `<partition>_<first>_<last>_<level>`; parts that are being written begin with tmp. */
const PART = /^[0-9A-Za-z-]+_\d+_\d+_\d+(?:_\d+)?$/;
/** Small files that stand in no list of sizes; each is written at once or not at all, and none is empty. */
const SMALL = /\.(txt|json)$/;

/**
 * Looks at every part once, after it was written: the engine takes a write that the disk refused (full, over quota, failing) for done,
 * and calls a part durable whose files are empty. Files are compared with the sizes that the engine noted.
 */
export class PartWatch {
  /** Parts that were found whole, by the directory of their table. */
  readonly #whole = new Map<string, ReadonlySet<string>>();

  /** Takes the parts of a table that are there as whole. */
  async adopt(tableDir: string): Promise<void> {
    this.#whole.set(tableDir, new Set((await namesIn(tableDir)).filter((name) => PART.test(name))));
  }

  /** Parts of a table that are not as they were written, among those not looked at before. Several may look at once. */
  async look(tableDir: string): Promise<string[]> {
    const before = this.#whole.get(tableDir);
    const parts = (await namesIn(tableDir)).filter((name) => PART.test(name));
    const fresh = parts.filter((name) => !before?.has(name));
    const faults = await Promise.all(fresh.map((name) => faultOf(join(tableDir, name))));
    const unsound = new Set(fresh.filter((_, i) => faults[i] !== undefined));
    this.#whole.set(tableDir, new Set(parts.filter((name) => !unsound.has(name))));
    return fresh.flatMap((name, i) => (faults[i] === undefined || faults[i] === GONE ? [] : [`${name}: ${faults[i]}`]));
  }
}

const GONE = "gone";

/** Names in a directory; none when there is no such directory. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What is wrong with a part; undefined: nothing. */
async function faultOf(dir: string): Promise<string | undefined> {
  try {
    const sizes = readPartSizes(await readFile(join(dir, "checksums.txt")));
    const small = (await namesIn(dir)).filter((name) => SMALL.test(name) && !sizes?.has(name));
    const faults = await Promise.all([
      ...small.map(async (name) => ((await stat(join(dir, name))).size === 0 ? `${name} is empty` : undefined)),
      ...[...(sizes ?? [])].map(async ([name, size]) => {
        const found = await stat(join(dir, name));
        // A projection is a part within the part.
        if (found.isDirectory()) return withName(name, await faultOf(join(dir, name)));
        if (found.size === size) return undefined;
        return `${name} has ${found.size} bytes instead of ${size}`;
      }),
    ]);
    return faults.find((fault) => fault !== undefined) ?? (sizes ? undefined : "checksums.txt is damaged");
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Old parts are removed while others look at them.
    return (await namesIn(dir)).length === 0 ? GONE : "a file is missing";
  }
}

const withName = (name: string, fault: string | undefined): string | undefined => fault && `${name}/${fault}`;

const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
