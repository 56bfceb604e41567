import { join } from "node:path";

/** True inside the compiled executable, whose own files live in Bun's virtual file system. */
export function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}

/** Command line that starts this very program again: the executable, or Bun with src/main.ts during development. */
export function selfCommand(...words: string[]): [string, ...string[]] {
  return isCompiled()
    ? [process.execPath, ...words]
    : [process.execPath, join(import.meta.dir, "../main.ts"), ...words];
}
