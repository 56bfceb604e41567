import { afterAll } from "bun:test";
import { mkdtempSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For the tests of one file: makes an empty directory at each call. They go with the last of the tests. */
export function scratchDirs(name: string): () => Promise<string> {
  const root = mkdtempSync(join(tmpdir(), `telovix-${name}-`));
  let dirs = 0;
  afterAll(() => rm(root, { recursive: true, force: true }));
  return async () => {
    const dir = join(root, String(++dirs));
    await mkdir(dir);
    return dir;
  };
}
