import { afterAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runEnroll } from "../../src/sensor/membership.ts";
import type { EngineLines } from "../harness/engine-lines.ts";
import { enrolment, execs, lagging, run, SensorHomes, until } from "../harness/running-sensor.ts";
import { StandInConsole } from "../harness/stand-in-console.ts";

const homes = await SensorHomes.make();
afterAll(() => homes[Symbol.asyncDispose]());
const enrolled = (console: StandInConsole) => homes.enrolled(console);

/** A line that never came is a loss, and losses are alerts: that one arrives, whatever becomes of the line behind it. */
async function alertOvertakes(console: StandInConsole, lines: EngineLines): Promise<void> {
  lines.exec("gone");
  await lines.append("waits");
  await until("the alert", () => [...console.events.values()].some((e) => e.kind === "engine_loss"));
}

/** There is no turn for the first line to wait for; the next one waits. */
async function oneGoesOneWaits(console: StandInConsole, lines: EngineLines): Promise<void> {
  await lines.append("one");
  await until("the first", () => execs(console).length === 1);
  await alertOvertakes(console, lines);
  expect(execs(console)).toEqual(["one"]);
}

describe("a sensor with lanes", () => {
  test("sends alerts first, then what happens now, and the backlog of an outage beside it", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    console.faults.refuse = { status: 503, code: "unavailable" };
    const old = Array.from({ length: 6_000 }, (_, i) => `old-${i}`);
    await lines.append(...old);
    const sensor = run(config, { heartbeatIntervalMs: 600_000 });
    await until("the engine's lines are in the spool", () => lagging(config) === 0);
    await sensor[Symbol.asyncDispose]();
    // Nothing of the backlog may leave until the rest has come.
    console.faults.credit = { backlog: 0 };
    console.faults.streamsGo = true;
    await using _again = run(config, { heartbeatIntervalMs: 600_000 });
    await until("the stream is up", () => console.hellos.length > 0);
    const lanes = console.hellos[0]!.lanes!;
    expect(lanes.map((l) => l.lane)).toEqual(["alert", "bulk", "backlog"]);
    expect(lanes[2]).toMatchObject({ next_seq: 6_001, acked_seq: 0 });
    await lines.append("now");
    await until("what happens now", () => execs(console).includes("now"));
    expect(execs(console)).toEqual(["now"]);
    console.faults.credit = {};
    console.grant();
    await until("the backlog", () => execs(console).length === 6_001);
    expect(console.missing).toEqual([]);
    expect(console.repeated).toBe(0);
    expect(new Set(console.arrived.map((a) => a.lane))).toContain("backlog");
    // Delivered to its end it is over, and the next hello says so; a cut may cost the last acknowledgement.
    console.faults.refuse = undefined;
    console.refresh("heartbeat");
    await until("the sensor knows", () => console.heartbeats.at(-1)?.pipeline.events_acked === 6_001);
    console.cutStreams();
    await until("another hello", () => console.hellos.length > 1);
    const last = console.hellos.at(-1)!;
    expect(last.lanes!.map((l) => l.lane)).toEqual(["alert", "bulk"]);
    expect(last.ended).toContainEqual({ epoch: lanes[2]!.epoch, last_seq: 6_000, acked_seq: 6_000 });
    expect(last.instance!.start_id).toBe(console.hellos[0]!.instance!.start_id);
  });

  test("alerts go while the Console takes no bulk, in small frames made with the dictionary", async () => {
    await using console = await StandInConsole.start();
    console.faults.credit = { bulk: 0 };
    const { config, lines } = await enrolled(console);
    await using _sensor = run(config, { heartbeatIntervalMs: 600_000 });
    await until("the stream is up", () => console.hellos.length > 0);
    await alertOvertakes(console, lines);
    expect(execs(console)).toEqual([]);
    expect(console.withDictionary).toBeGreaterThan(0);
    console.faults.credit = {};
    console.grant();
    await until("the bulk", () => execs(console).length === 1);
  });

  test("gathers what is no alert for as long as the Console asks", async () => {
    await using console = await StandInConsole.start();
    console.faults.tickMs = 60_000;
    const { config, lines } = await enrolled(console);
    await using _sensor = run(config);
    await until(
      "its stream and an answered heartbeat",
      () => console.hellos.length > 0 && console.heartbeats.length > 2,
    );
    await oneGoesOneWaits(console, lines);
    console.faults.tickMs = undefined;
    await until("the rest", () => execs(console).length === 2);
  });

  test("gathers from the welcome on when that asks for it, before a heartbeat was answered", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    console.faults.welcomeTickMs = 60_000;
    console.faults.refuse = { status: 503, code: "unavailable" };
    console.faults.streamsGo = true;
    await using _sensor = run(config);
    await oneGoesOneWaits(console, lines);
  });

  test("talks to a Console that knows no lanes", async () => {
    await using console = await StandInConsole.start();
    console.faults.noLanes = true;
    const { config, lines } = await enrolled(console);
    await using _sensor = run(config, { heartbeatIntervalMs: 600_000 });
    await until("the stream is up", () => console.hellos.length > 0);
    lines.exec("gone");
    await lines.append("a");
    await until("both lanes", () => console.events.size >= 2 && execs(console).length === 1);
    expect(console.withDictionary).toBe(0);
  });

  test("goes on under a new epoch when the Console has more than it ever numbered, and keeps what the Console can't have", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    {
      await using _sensor = run(config);
      await lines.append("a", "b");
      await until("two", () => execs(console).length === 2);
    }
    const epoch = console.hellos.at(-1)!.epoch;
    console.faults.credit = { bulk: 0 };
    const [before, beats] = [console.hellos.length, console.heartbeats.length];
    await using _again = run(config, { heartbeatIntervalMs: 600_000 });
    await until("the stream is up", () => console.hellos.length > before);
    // Or it would carry the event while the stream is cut.
    await until("its only heartbeat", () => console.heartbeats.length > beats);
    await lines.append("c");
    // The state directory is from an older image: another life of this sensor went on with its numbers.
    console.faults.aheadOnce = { lane: "bulk", by: 100 };
    await until("the line is in the spool", () => lagging(config) === 0);
    console.faults.credit = {};
    console.cutStreams();
    await until("the third", () => execs(console).length === 3);
    const hello = console.hellos.at(-1)!;
    expect(hello.epoch).not.toBe(epoch);
    expect(hello.ended).toContainEqual({ epoch, last_seq: 2, acked_seq: 2 });
    expect(hello.lanes!.find((l) => l.epoch === hello.epoch)).toMatchObject({ base_seq: 2 });
    expect(execs(console)).toEqual(["a", "b", "c"]);
    expect(console.repeated).toBe(0);
  });

  test("does not hold what another Console acknowledged against the one it moves to", async () => {
    await using first = await StandInConsole.start();
    await using second = await StandInConsole.start();
    const { config, lines } = await enrolled(first);
    {
      await using _sensor = run(config);
      await lines.append("a", "b");
      await until("two", () => execs(first).length === 2);
      await until("both are acknowledged", () => first.heartbeats.at(-1)?.pipeline.events_acked === 2);
    }
    await runEnroll(config, { ...enrolment(second), force: true });
    for (const _start of ["moved", "as before"]) {
      const hellos = second.hellos.length;
      await using _sensor = run(config);
      await until("a hello", () => second.hellos.length > hellos);
      const hello = second.hellos.at(-1)!;
      expect(hello.epoch).not.toBe(first.hellos[0]!.epoch);
      expect(hello.epoch).toBe(second.hellos[0]!.epoch);
      expect(hello.lanes!.find((l) => l.lane === "bulk")).toMatchObject({ next_seq: 3, acked_seq: 2, base_seq: 2 });
      expect(hello.lanes!.find((l) => l.lane === "alert")).not.toHaveProperty("base_seq");
      expect(hello.ended).toEqual([]);
    }
    await using _sensor = run(config);
    await lines.append("c");
    await until("the third", () => execs(second).length === 1);
    expect(execs(second)).toEqual(["c"]);
  });

  test("goes on under new epochs when the Console suspects a clone, and on another machine", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    const epochs = (i: number): string[] => console.hellos.at(i)!.lanes!.map((l) => l.epoch);
    {
      console.faults.errorOnce = "clone_suspected";
      await using _sensor = run(config);
      await until("it comes again", () => console.hellos.length > 1);
      expect(epochs(1).filter((e) => epochs(0).includes(e))).toEqual([]);
      await lines.append("a");
      await until("the first", () => execs(console).length === 1);
    }
    const count = console.hellos.length;
    await writeFile(
      join(config.stateDir, "instance.json"),
      JSON.stringify({ machine_hash: "0".repeat(64), boot_id: "another" }),
    );
    await using _sensor = run(config);
    await until("it comes again", () => console.hellos.length > count);
    const live = console.hellos.at(-1)!.lanes!.filter((l) => l.lane !== "backlog");
    expect(live.map((l) => l.epoch).filter((e) => epochs(count - 1).includes(e))).toEqual([]);
    await lines.append("b");
    await until("the second", () => execs(console).length === 2);
    expect(console.repeated).toBe(0);
  });
});
