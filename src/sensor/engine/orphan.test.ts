import { afterAll, expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { endProcess, findOrphan } from "./orphan.ts";

const dir = await mkdtemp(join(tmpdir(), "telovix-orphan-"));
afterAll(() => rm(dir, { recursive: true, force: true }));
const engine = join(dir, "telovix-engine");
await copyFile("/bin/bash", engine);
const OUT = join(dir, "out");

/** A process that is called as the engine is, and waits until it is ended; resolves once it runs. */
async function start(file: string, ...words: readonly string[]): Promise<ChildProcess> {
  const child = spawn(file, ["-c", "echo up; read -r _", "-", ...words], { stdio: ["pipe", "pipe", "ignore"] });
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  return child;
}

test("an engine that writes where we read is found among all processes, and no other", async () => {
  const others = [
    await start(engine, "unpin", "--pin", OUT),
    await start(engine, "run", "--out", `${OUT}-2`),
    await start("/bin/bash", "run", "--out", OUT),
  ];
  expect(await findOrphan(OUT)).toBeUndefined();
  const ours = await start(engine, "run", "--standalone", "--out", OUT);
  expect(await findOrphan(OUT)).toBe(ours.pid!);
  // A new version takes the file's place while the old one runs.
  await rm(engine);
  expect(await findOrphan(OUT)).toBe(ours.pid!);
  await endProcess(ours.pid!, systemClock, 5_000);
  expect(await findOrphan(OUT)).toBeUndefined();
  for (const child of others) child.kill("SIGKILL");
});
