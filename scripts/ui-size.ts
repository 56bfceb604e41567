import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleUi } from "./build/ui.ts";

/** Budget of everything a first visit loads, compressed. */
const MOST_BYTES = 250 * 1024;

/** Bytes of each file of a bundled interface as they are sent: fonts as they are, the rest compressed. */
export async function sentSizes(dir: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for await (const path of new Bun.Glob("**/*").scan(dir)) {
    const bytes = new Uint8Array(await Bun.file(join(dir, path)).arrayBuffer());
    sizes.set(path, path.endsWith(".woff2") ? bytes.length : Bun.gzipSync(bytes).length);
  }
  return sizes;
}

// Says what a first visit loads: bun scripts/ui-size.ts. Fails beyond the budget.
if (import.meta.main) {
  const dir = await mkdtemp(join(tmpdir(), "telovix-ui-"));
  await bundleUi(dir, false);
  const sizes = await sentSizes(dir);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const line = (bytes: number, what: string): string => `${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${what}\n`;
  for (const [path, size] of sizes) process.stdout.write(line(size, path));
  process.stdout.write(line(total, "first load, compressed"));
  await rm(dir, { recursive: true });
  process.exitCode = total > MOST_BYTES ? 1 : 0;
}
