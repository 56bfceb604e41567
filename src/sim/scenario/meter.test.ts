import { expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Meter } from "./meter.ts";
import { usageOf } from "./processes.ts";

const BUSY_MS = 50;

/** A process that does nothing but take time. */
const busy = (): ChildProcess => spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" });

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

test("what a process took stays in the sum when it is killed, and the next one's is added", async () => {
  const children: ChildProcess[] = [busy()];
  const pids = async () => ({ part: children.map((child) => child.pid!), other: [] });
  using meter = new Meter(pids, 1_000_000);
  try {
    while ((await meter.look()).part.cpuMs < BUSY_MS);
    const alive = await meter.look();
    expect(alive.part.rssBytes).toBeGreaterThan(0);
    await end(children[0]!);
    const dead = await meter.look();
    expect(dead).toEqual({
      part: { cpuMs: expect.any(Number), rssBytes: 0 },
      other: { cpuMs: 0, rssBytes: 0 },
    });
    expect(dead.part.cpuMs).toBeGreaterThanOrEqual(alive.part.cpuMs);
    children[0] = busy();
    while ((await meter.look()).part.cpuMs < dead.part.cpuMs + BUSY_MS);
  } finally {
    for (const child of children) await end(child);
  }
});

test("it looks by itself, so that a process it was never asked about counts all the same", async () => {
  const child = busy();
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  const pids = async () => {
    // With the look after the one in which it had taken that much.
    if (((await usageOf(child.pid!))?.cpuMs ?? 0) >= BUSY_MS && ++looks > 2) looked.resolve();
    return { part: child.exitCode === null && child.signalCode === null ? [child.pid!] : [] };
  };
  using meter = new Meter(pids, 20);
  try {
    await looked.promise;
  } finally {
    await end(child);
  }
  expect((await meter.look()).part.cpuMs).toBeGreaterThanOrEqual(BUSY_MS);
});
