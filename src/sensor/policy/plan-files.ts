import { mkdir, readdir, readFile, rename, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ENDING = ".plan";

async function isSame(path: string, bytes: Uint8Array): Promise<boolean> {
  const there = await readFile(path).catch(() => undefined);
  return there !== undefined && Buffer.compare(there, bytes) === 0;
}

/** Whole or not at all, for the engine that watches the directory. What a power cut tears is written anew at the next start. */
async function place(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const draft = join(dir, `.${name}.tmp`);
  await writeFile(draft, bytes, { mode: 0o600 });
  await rename(draft, join(dir, name));
}

/** Names of the policies whose plans are in the directory. */
export async function listPlans(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((): string[] => []);
  return names.filter((n) => n.endsWith(ENDING) && !n.startsWith(".")).map((n) => n.slice(0, -ENDING.length));
}

/** Modes of the policies by name, and the switch over all of them. */
export interface Control {
  readonly modes: Readonly<Record<string, "monitor" | "enforce">>;
  readonly enforcement: "on" | "off";
  /** Enforcement ends when the lease is older. */
  readonly leaseSeconds?: number;
}

/** Says to the engine that its sensor lives. */
export async function renewLease(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(join(dir, "lease"), "", { mode: 0o600 });
  const now = new Date();
  await utimes(join(dir, "lease"), now, now);
}

/**
 * Makes the directory hold these plans (by policy) and no others. What is there already stays untouched, so that the
 * engine loads nothing twice. Modes come first: no policy is loaded in a mode it was not given.
 */
export async function placePlans(dir: string, plans: ReadonlyMap<string, Uint8Array>, control: Control): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const wanted = new Map([...plans].map(([name, bytes]) => [name + ENDING, bytes]));
  const files = [["control.json", new TextEncoder().encode(JSON.stringify(control))] as const, ...wanted];
  for (const [name, bytes] of files) if (!(await isSame(join(dir, name), bytes))) await place(dir, name, bytes);
  for (const name of await listPlans(dir)) if (!plans.has(name)) await unlink(join(dir, name + ENDING));
}
