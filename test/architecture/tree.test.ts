import { describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dir, "../..");
const MAX_LINES = 300;

async function filesBelow(dir: string): Promise<string[]> {
  return (await readdir(join(ROOT, dir), { recursive: true })).map((name) => join(dir, name));
}

const sources = (await readdir(join(ROOT, "src"), { recursive: true }))
  .filter((f) => /\.tsx?$/.test(f))
  .map((f) => join("src", f));
const texts = new Map(await Promise.all(sources.map(async (f) => [f, await readFile(join(ROOT, f), "utf8")] as const)));

function offenders(pattern: RegExp, allowed: (file: string) => boolean): string[] {
  return [...texts]
    .filter(([file, text]) => !allowed(file) && !file.includes(".test.") && pattern.test(text))
    .map(([file]) => file);
}

describe("the tree is the architecture", () => {
  test("the environment is read only in the two config.ts and at the program's edge", () => {
    const edge = (f: string): boolean =>
      /^src\/(console|sensor)\/config\.ts$/.test(f) || f.startsWith("src/cli/") || f === "src/main.ts";
    expect(offenders(/process\.env|Bun\.env/, edge)).toEqual([]);
  });

  test("SQL stands only in stores", () => {
    const stores = (f: string): boolean =>
      /\/store\.ts$|^src\/console\/(stores|embedded)\//.test(f) ||
      /^src\/console\/[a-z-]+\/(store-|[a-z-]*sql)[a-z-]*\.ts$/.test(f);
    expect(
      offenders(/\b(SELECT\s[\s\S]{1,200}\sFROM\s|INSERT INTO\s|UPDATE\s\w+\sSET\s|DELETE FROM\s)/, stores),
    ).toEqual([]);
  });

  test("nothing shells out, evaluates text or writes HTML from strings", () => {
    expect(
      offenders(
        /\bshell:\s*true|\bexecSync\(|\bBun\.\$|\.innerHTML\s*=|dangerouslySetInnerHTML|insertAdjacentHTML/,
        () => false,
      ),
    ).toEqual([]);
  });

  test("no synchronous file access outside the program's edge, but where it is measured to cost less than to wait", () => {
    const measured = new Set([
      // In the engine's own process, behind each insert: names and sizes of files that were written a moment ago.
      "src/console/embedded/part-watch.ts",
      // A few pages of a file that is in memory, four times a second.
      "src/sensor/tail/reader.ts",
      // Files of /proc, which the kernel makes while they are read: the way to another thread and back costs more.
      "src/sensor/inventory/proc-pid.ts",
      "src/sensor/inventory/sockets.ts",
    ]);
    expect(
      offenders(
        /\b(readFileSync|writeFileSync|existsSync|statSync|readdirSync|mkdirSync|spawnSync|openSync|readSync|writeSync)\(/,
        (f) => f.startsWith("src/cli/") || measured.has(f),
      ),
    ).toEqual([]);
  });

  test("imports are never computed", () => {
    expect(offenders(/\bimport\((?!\s*["'])/, () => false)).toEqual([]);
  });

  test("no file the linter does not count is over 300 lines either", async () => {
    const names = (await Promise.all(["src", "native", "test", "scripts"].map((dir) => filesBelow(dir)))).flat();
    // The linter leaves out all of native.
    const counted = names.filter((f) => /\.(css|c|h|sh)$|^native\/.*\.ts$/.test(f) && !f.includes("/.output/"));
    expect(counted.length).toBeGreaterThan(50);
    const lines = await Promise.all(
      counted.map(async (f) => [f, (await readFile(join(ROOT, f), "utf8")).split("\n").length - 1] as const),
    );
    expect(lines.filter(([, count]) => count > MAX_LINES)).toEqual([]);
  });

  test("nothing that is kept is a link: what it leads to would be another machine's", async () => {
    const { stdout } = await promisify(execFile)("git", ["ls-files", "-s"], { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 });
    expect(stdout.split("\n").filter((line) => line.startsWith("120000"))).toEqual([]);
  });
});
