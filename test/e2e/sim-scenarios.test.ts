import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ScenarioResult } from "../../src/sim/scenario/run.ts";
import { BUILT_FILE } from "../harness/built-console.ts";
import { hasKafka, KAFKA_JARS } from "../harness/kafka.ts";
import { runProgram } from "../harness/program.ts";
import { hasRedis } from "../harness/redis.ts";

/** As small and short as each can be and still show what it promises. */
const SHORT = ["--n", "20", "--ramp", "500ms", "--duration", "7s", "--outage", "3s", "--alerts", "0.1", "--seed", "5"];
/** What the short form needs besides. The console-restart has a test of its own. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  // All of them, and long enough for some to do it.
  flapping: ["--flap", "1", "--duration", "12s"],
  rogues: ["--rogue", "0.5", "--processes", "2"],
  "kafka-down": ["--kafka-jars", KAFKA_JARS],
};
const AT_ONCE = 2;

const noRedis = !(await hasRedis("the scenario redis-down"));
const noRoot = process.getuid?.() !== 0;
if (noRoot) process.stderr.write("SKIPPED: the scenario disk-full: not root\n");
if (!hasKafka) process.stderr.write("SKIPPED: the scenario kafka-down: no Kafka broker\n");

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "telovix-scenarios-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const sim = (...args: string[]) => runProgram(BUILT_FILE, ["sim", ...args]);

async function namesToPlay(): Promise<string[]> {
  const { out } = await sim("scenario");
  const names = out.split("\n").map((line) => line.split(" ")[0]!);
  const left = new Set(["", "console-restart"]);
  if (noRedis) left.add("redis-down");
  if (noRoot) left.add("disk-full");
  if (!hasKafka) left.add("kafka-down");
  return names.filter((name) => !left.has(name));
}

test("every scenario that this host can play passes, and its results can be kept", async () => {
  const names = await namesToPlay();
  expect(names.length).toBeGreaterThan(8);
  const queue = [...names];
  const failed: string[] = [];
  const play = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const file = join(home, `${name}.json`);
      const args = [name, ...SHORT, ...(MORE[name] ?? []), "--state", join(home, `keys-${name}`), "--out", file];
      const { out, err, code } = await sim("scenario", ...args);
      if (code === 0) continue;
      failed.push(name);
      process.stderr.write(`${name}:\n${err.slice(-3_000)}\n${out}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
  expect(failed).toEqual([]);

  for (const name of names) {
    const kept = JSON.parse(await readFile(join(home, `${name}.json`), "utf8")) as {
      command: string;
      machine: { cores: number };
      results: ScenarioResult[];
    };
    expect(kept.command).toStartWith(`telovix sim scenario ${name} --n 20`);
    expect(kept.machine.cores).toBeGreaterThan(0);
    expect(kept.results).toMatchObject([{ scenario: name, passed: true, report: { check: { ok: true, doubled: 0 } } }]);
    const { report, figures } = kept.results[0]!;
    expect(report.generated).toBeGreaterThan(0);
    if (name === "redis-down" || name === "clickhouse-down" || name === "kafka-down")
      expect(figures["heartbeats_meanwhile"]).toBeGreaterThanOrEqual(19);
    // What the call says goes before what the scenario wants.
    if (name === "rogues") expect(report.counts.rogueActs).toBeGreaterThan(0);
  }
}, 480_000);
