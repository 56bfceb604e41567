import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { createLog } from "../../core/log.ts";
import { createReadiness, type Dependency } from "./readiness.ts";
import { ReadinessWatch } from "./readiness-watch.ts";

/** A watch on dependencies whose faults are set by name, and what it has logged. */
function watched(dependencies: Omit<Dependency, "ping">[]) {
  const faults = new Map<string, Error>();
  const clock = new ManualClock();
  const lines: string[] = [];
  const all = dependencies.map((d) => ({
    ...d,
    ping: () => {
      const fault = faults.get(d.name);
      return fault ? Promise.reject(fault) : Promise.resolve();
    },
  }));
  // Made anew for each look: the answer is kept for a second of the real clock.
  const readiness = (): ReturnType<ReturnType<typeof createReadiness>> => createReadiness(all)();
  const log = createLog({ write: (line) => void lines.push(line), level: "debug" });
  const controller = new AbortController();
  const done = new ReadinessWatch({ readiness, clock, log }).run(controller.signal);
  /** The next look has been taken: it sleeps again. */
  const settle = async (): Promise<object[]> => {
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    return lines.splice(0).map((line) => JSON.parse(line) as object);
  };
  const look = async (): Promise<object[]> => {
    await settle();
    await clock.advance(15_000);
    return settle();
  };
  const stop = (): Promise<void> => {
    controller.abort();
    return done;
  };
  return { faults, clock, settle, look, stop };
}

test("each change is told once, with the problem and what to do, and the end of it", async () => {
  const watch = watched([
    { name: "postgresql", action: "Start it." },
    { name: "kafka", action: "Check the brokers.", optional: true },
  ]);
  expect(await watch.settle()).toEqual([]);
  expect(await watch.look()).toEqual([]);
  watch.faults.set("postgresql", new Error("no connection"));
  watch.faults.set("kafka", new AppError("unavailable", "The topic is gone.", { hint: "Start the Console again." }));
  expect(await watch.look()).toEqual([
    expect.objectContaining({
      level: "error",
      name: "postgresql",
      problem: expect.stringContaining("no connection"),
      action: "Start it.",
    }),
    expect.objectContaining({
      level: "warn",
      name: "kafka",
      problem: "The topic is gone.",
      action: "Start the Console again.",
    }),
  ]);
  expect(await watch.look()).toEqual([]);
  watch.faults.set("postgresql", new Error("4 of 5 connections fail"));
  expect(await watch.look()).toHaveLength(1);
  watch.faults.set("postgresql", new Error("5 of 5 connections fail"));
  expect(await watch.look()).toEqual([]);
  watch.faults.set("postgresql", new Error("read-only"));
  expect(await watch.look()).toEqual([
    expect.objectContaining({ name: "postgresql", problem: expect.stringContaining("read-only") }),
  ]);
  watch.faults.clear();
  expect(await watch.look()).toEqual([
    expect.objectContaining({ level: "info", message: "postgresql is well again" }),
    expect.objectContaining({ level: "info", message: "kafka is well again" }),
  ]);
  await watch.stop();
});

test("what is wrong from the start is told too, and a stop ends the wait", async () => {
  const watch = watched([{ name: "clickhouse", action: "Start it." }]);
  watch.faults.set("clickhouse", new Error("away"));
  // The first look had been under way before there was a fault, or not: by the second it is told.
  const told = [...(await watch.settle()), ...(await watch.look())];
  expect(told).toEqual([expect.objectContaining({ name: "clickhouse", action: "Start it." })]);
  await watch.stop();
  expect(watch.clock.sleeping).toBe(0);
});
