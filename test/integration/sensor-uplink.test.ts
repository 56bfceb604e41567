import { afterAll, describe, expect, test } from "bun:test";
import { chmod, readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { errorMessage } from "../../src/core/error.ts";
import { randomToken } from "../../src/core/ids.ts";
import { createLog, Secret } from "../../src/core/log.ts";
import { decommission, runEnroll } from "../../src/sensor/membership.ts";
import type { SensorConfig } from "../../src/sensor/config.ts";
import { statePaths } from "../../src/sensor/state/paths.ts";
import { enrolment, execs, run, SensorHomes, until } from "../harness/running-sensor.ts";
import { StandInConsole } from "../harness/stand-in-console.ts";

const homes = await SensorHomes.make();
afterAll(() => homes[Symbol.asyncDispose]());
const { root } = homes;
const newConfig = (): SensorConfig => homes.newConfig();
const enrolled = (console: StandInConsole) => homes.enrolled(console);

/** What a promise fails with, in words. */
const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => "nothing failed", errorMessage);

describe("enrol", () => {
  test("makes a key that only its owner can read, and a certificate, by the Console's pin", async () => {
    await using console = await StandInConsole.start();
    const config = newConfig();
    const state = await runEnroll(config, enrolment(console));
    const paths = statePaths(config.stateDir);
    expect(state.node_name).toBe("node-1");
    expect((await stat(paths.clientKey)).mode & 0o777).toBe(0o600);
    expect(await readFile(paths.clientCert, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(JSON.parse(await readFile(paths.sensorState, "utf8"))).toMatchObject({
      sensor_id: state.sensor_id,
      trust_state: "trusted",
    });
    expect(await failure(runEnroll(config, enrolment(console)))).toContain("enrolled already");
    await runEnroll(config, { ...enrolment(console), force: true });
  });

  test("refuses a Console with another key, one that nothing vouches for, and a token that is used", async () => {
    await using console = await StandInConsole.start();
    await using other = await StandInConsole.start();
    const config = newConfig();
    expect(await failure(runEnroll(config, { ...enrolment(console), pin: other.pin }))).toContain("not the pinned one");
    expect(await failure(runEnroll(config, { ...enrolment(console), pin: undefined }))).toContain("how to recognise");
    expect(
      await failure(runEnroll(config, { ...enrolment(console), token: new Secret(`tse_${randomToken(32)}`) })),
    ).toContain("does not take this token");
    const caFile = join(root, "other.pem");
    await Bun.write(caFile, other.caPem);
    expect(await failure(runEnroll(config, { ...enrolment(console), pin: undefined, caFile }))).toContain(
      "could not prove",
    );
    await Bun.write(caFile, console.caPem);
    await runEnroll(config, { ...enrolment(console), pin: undefined, caFile });
  });

  test("says so when nobody answers", async () => {
    const console = await StandInConsole.start();
    const options = enrolment(console);
    await console[Symbol.asyncDispose]();
    expect(await failure(runEnroll(newConfig(), options))).toContain("can't be reached");
  });

  test("refuses a certificate of the same authority that is made out to somebody else", async () => {
    await using console = await StandInConsole.start({ dns: ["elsewhere.example"] });
    const caFile = join(root, "elsewhere.pem");
    await Bun.write(caFile, console.caPem);
    expect(await failure(runEnroll(newConfig(), { ...enrolment(console), pin: undefined, caFile }))).toContain(
      "could not prove",
    );
  });
});

describe("a running sensor", () => {
  test("needs an enrolment, and a state directory that is its own", async () => {
    const config = newConfig();
    expect(await failure(run(config).done)).toContain("not enrolled");
    await chmod(config.stateDir, 0o777);
    expect(await failure(run(config).done)).toContain("can be written to by other users");
  });

  test("carries the engine's lines to the Console over the stream, and keeps nothing that was acknowledged", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    await using _sensor = run(config);
    await lines.append("one", "two");
    await until("two executions", () => execs(console).length === 2);
    await until("the stream is up", () => console.streams === 1);
    await lines.append("three");
    await until("a third", () => execs(console).length === 3);
    expect(console.batches.stream).toBeGreaterThan(0);
    await until("a heartbeat that says all is acknowledged", () => {
      const last = console.heartbeats.at(-1);
      return (
        last !== undefined &&
        last.pipeline.events_acked >= 3 &&
        last.pipeline.spool_depth === 0 &&
        last.pipeline.stream_connected
      );
    });
    const beat = console.heartbeats.at(-1)!;
    expect(beat.runtime_mode).toBe("compatibility");
    expect(beat.engine.state).toBe("failed");
    expect(beat.engine.reason).toContain("the engine is not at");
    expect(console.heartbeats.some((h) => h.system !== undefined)).toBe(true);
    await until("an inventory", () =>
      console.inventories.some((i) => i.is_full_snapshot && (i.processes?.length ?? 0) > 0),
    );
    const event = [...console.events.values()].find((e) => e.process?.argv[1] === "one")!;
    expect(event.workload?.unit).toBe("cron.service");
    expect(event.process?.parent_binary).toBe("/usr/bin/parent-1");
  });

  test("lets go of a request that is never answered when there is a stream again", async () => {
    await using console = await StandInConsole.start();
    Object.assign(console.faults, { noStream: true, silent: true });
    const { config, lines } = await enrolled(console);
    await using _sensor = run(config);
    await lines.append("one");
    await until("a request hangs", () => console.unanswered > 0);
    console.faults.noStream = false;
    await until("the event comes by the stream", () => execs(console).length === 1);
    expect(console.batches).toMatchObject({ heartbeat: 0, events: 0 });
  });

  test("carries sockets in the heartbeat when they changed, and not again while they are the same", async () => {
    await using console = await StandInConsole.start();
    console.heartbeatMs = 100;
    const config = newConfig();
    await runEnroll(config, enrolment(console));
    await using _sensor = run(config, { inventoryIntervalMs: 600_000 });
    // What there is at the start comes with the inventory; how often it may come is in the first heartbeat's answer.
    await until("the snapshot of the start", () => console.inventories.length === 1);
    await until("the first heartbeat", () => console.heartbeats.length > 0);
    expect(console.heartbeats[0]!.connections).toBeUndefined();
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const shows = (i: number): boolean => console.heartbeats[i]?.listening?.some((l) => l.port === port) ?? false;
    try {
      await until("a heartbeat with the new service", () => console.heartbeats.some((_h, i) => shows(i)));
      const at = console.heartbeats.findIndex((_h, i) => shows(i));
      await until("one without what is known", () =>
        console.heartbeats.slice(at + 1).some((h) => h.listening === undefined),
      );
    } finally {
      await new Promise((done) => server.close(done));
    }
    const before = console.heartbeats.length;
    await until("a heartbeat without the service", () =>
      console.heartbeats.slice(before).some((h) => h.listening?.every((l) => l.port !== port)),
    );
    expect(console.heartbeats.every((h) => !("processes" in h))).toBe(true);
  });

  test("sends by heartbeat and in batches while there is no stream", async () => {
    await using console = await StandInConsole.start();
    console.faults.noStream = true;
    const { config, lines } = await enrolled(console);
    const names = Array.from({ length: 250 }, (_, i) => `n${i}`);
    await lines.append(...names);
    await using _sensor = run(config);
    await until("all executions", () => execs(console).length === 250);
    expect(console.batches.stream).toBe(0);
    expect(console.batches.events).toBeGreaterThan(0);
  });

  test("keeps events while the Console is away, and sends each once it is back", async () => {
    const first = await StandInConsole.start();
    const { config, lines } = await enrolled(first);
    await using _sensor = run(config);
    await lines.append("a");
    await until("the first", () => execs(first).length === 1);
    first.faults.refuse = { status: 503, code: "unavailable" };
    first.cutStreams();
    await lines.append("b", "c");
    await until("the stream is gone", () => first.streams === 0);
    first.faults.refuse = undefined;
    await until("the rest", () => execs(first).length === 3);
    expect(execs(first)).toEqual(["a", "b", "c"]);
    await first[Symbol.asyncDispose]();
  });

  test("is killed by nothing it is told: an acknowledgement of more than was sent drops the link only, and the log says so", async () => {
    await using console = await StandInConsole.start();
    const { config, lines } = await enrolled(console);
    console.faults.ackTooMuch = 1000;
    const logged: string[] = [];
    const log = createLog({ write: (line) => void logged.push(line) });
    await using _sensor = run(config, { heartbeatIntervalMs: 600_000, log });
    await until("the stream is up", () => console.hellos.length === 1);
    await lines.append("a");
    await until("a batch came", () => console.events.size > 0);
    await until("the link was dropped and is up again", () => console.hellos.length > 1);
    expect(logged.filter((line) => line.includes('"warn"')).map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({
        message: "the stream ended; it is opened again",
        why: expect.stringMatching(/^the Console acknowledged event \d+, but only \d+ were sent$/),
      }),
    );
    console.faults.ackTooMuch = 0;
    await lines.append("b");
    await until("both", () => execs(console).length === 2);
  });

  test("records that the Console does not trust it any more", async () => {
    await using console = await StandInConsole.start();
    const { config } = await enrolled(console);
    console.faults.refuse = { status: 403, code: "sensor_revoked" };
    await using _sensor = run(config);
    const path = statePaths(config.stateDir).sensorState;
    let text = "";
    await until("the state says revoked", () => {
      void readFile(path, "utf8").then((t) => (text = t));
      return text.includes('"revoked"');
    });
    expect(JSON.parse(text)).toMatchObject({ trust_state: "revoked", last_error: "said sensor_revoked" });
  });

  test("answers a refresh at once", async () => {
    await using console = await StandInConsole.start();
    const { config } = await enrolled(console);
    await using _sensor = run(config, { inventoryIntervalMs: 600_000 });
    await until("the first inventory", () => console.inventories.length > 0 && console.streams === 1);
    const before = console.inventories.length;
    console.refresh("inventory");
    await until("another one", () => console.inventories.length > before);
    expect(console.inventories.at(-1)!.is_full_snapshot).toBe(true);
  });

  test("is alone on its state directory", async () => {
    await using console = await StandInConsole.start();
    const { config } = await enrolled(console);
    await using _sensor = run(config);
    await until("it runs", () => console.heartbeats.length > 0);
    expect(await failure(run(config).done)).toContain("another sensor");
  });

  test("tells the Console when it leaves for good", async () => {
    await using console = await StandInConsole.start();
    const { config } = await enrolled(console);
    await decommission(config, new AbortController().signal);
    expect(console.decommissioned).toEqual([true]);
  });
});
