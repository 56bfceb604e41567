import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CACHE_DIR, ROOT } from "./paths.ts";

export interface InputOptions {
  /** By size and time of change only: for files too large to read each time. */
  readonly byStat?: boolean;
}

async function filesBelow(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return [];
  if (!info.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** One hash over all files at or below the paths, and the extra words. Tests are no input of a build. */
export async function hashInputs(
  paths: readonly string[],
  extra: readonly string[],
  options: InputOptions = {},
): Promise<string> {
  const files = (await Promise.all(paths.map(filesBelow))).flat().filter((file) => !file.endsWith(".test.ts"));
  const hasher = new Bun.CryptoHasher("sha256");
  for (const word of extra) hasher.update(`${word}\0`);
  const marks = await Promise.all(
    files.toSorted().map(async (file) => {
      if (!options.byStat) return [file, await readFile(file)] as const;
      const { size, mtimeMs } = await stat(file);
      return [file, `${size} ${mtimeMs}`] as const;
    }),
  );
  for (const [file, mark] of marks) hasher.update(`${relative(ROOT, file)}\0`).update(mark);
  return hasher.digest("hex");
}

async function describe(outputs: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    outputs.map(async (file) => {
      const info = await stat(file).catch(() => undefined);
      return info ? `${file} ${info.size} ${info.mtimeMs}` : `${file} missing`;
    }),
  );
  return marks.join("\n");
}

/** Runs `make` unless the inputs are those of the last time and the outputs are as it left them. Says what it does. */
export async function once(
  name: string,
  key: string,
  outputs: readonly string[],
  make: () => Promise<void>,
): Promise<boolean> {
  const file = join(CACHE_DIR, `${name}.stamp`);
  const known = await readFile(file, "utf8").catch(() => "");
  if (known === `${key}\n${await describe(outputs)}`) return false;
  const startedMs = performance.now();
  await make();
  await mkdir(CACHE_DIR, { recursive: true });
  await writeFile(file, `${key}\n${await describe(outputs)}`);
  process.stdout.write(`${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  return true;
}
