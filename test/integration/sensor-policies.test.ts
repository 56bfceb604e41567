import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import { errorMessage } from "../../src/core/error.ts";
import type { PolicyState } from "../../src/core/wire/state.ts";
import { sensorConfig } from "../../src/sensor/config.ts";
import { statePaths, type StatePaths } from "../../src/sensor/state/paths.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { testPack, testPolicy } from "../harness/packs.ts";
import { enrollAndRun, type RunningSensor, until } from "../harness/running-sensor.ts";
import { hook } from "../harness/sample-lines.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { StandInConsole } from "../harness/stand-in-console.ts";

const refusal = await kernelRefusesBpf();
if (refusal !== undefined) process.stderr.write(`SKIPPED: an engine's words: ${refusal}\n`);

const root = await mkdtemp(join(tmpdir(), "telovix-sensor-policies-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let homes = 0;

const pack = await testPack(root, "hosts", [
  testPolicy("reads", { kind: "file_open", severity: "critical", coveredBy: ["reads-calls"] }),
  testPolicy("reads-calls", { kind: "file_open", fallbackOf: "reads" }),
]);

/** An enrolled sensor whose engine is the test. */
async function sensorWith(
  console: StandInConsole,
  packs: string,
  engine = "no-engine",
): Promise<RunningSensor & { readonly paths: StatePaths }> {
  const stateDir = join(root, `state-${++homes}`);
  const config = sensorConfig({ stateDir, enginePath: join(root, engine), packs }, {});
  const sensor = await enrollAndRun(console, config, { embeddedPacks: [pack], inventoryIntervalMs: 600_000 });
  return { ...sensor, paths: statePaths(stateDir) };
}

const told = (console: StandInConsole): readonly PolicyState[] => console.heartbeats.at(-1)?.engine.policies ?? [];

describe("a sensor with packs", () => {
  test("gives the engine their plans, and tells the Console of each policy", async () => {
    await using console = await StandInConsole.start();
    await using sensor = await sensorWith(console, "hosts");
    await until("the plans are there", async () => (await readdir(sensor.paths.enginePlans)).includes("reads.plan"));
    expect(new Uint8Array(await readFile(join(sensor.paths.enginePlans, "reads.plan")))).toEqual(pack.planOf("reads"));
    await until("the Console knows them", () => told(console).length === 2);
    // The engine does not run: none of them works.
    expect(told(console).map((p) => [p.name, p.pack, p.mode, p.state])).toEqual([
      ["reads", "hosts", "monitor", "waiting"],
      ["reads-calls", "hosts", "monitor", "standby"],
    ]);
  });

  test("loads what stands in for a policy whose hooks the kernel refuses", async () => {
    await using console = await StandInConsole.start();
    await using sensor = await sensorWith(console, "hosts");
    const said = [
      { name: "reads", state: "rejected", hooks: [{ hook: "file_open", status: "rejected", reason: "no" }] },
    ];
    const file = join(sensor.paths.engineOut, "policies.json");
    await until(
      "the state directory is there",
      async () => (await readdir(sensor.paths.engine).catch(() => [])).length > 0,
    );
    await writeFile(`${file}.new`, JSON.stringify({ policies: said }));
    await rename(`${file}.new`, file);
    await until("the stand-in is loaded", async () =>
      (await readdir(sensor.paths.enginePlans)).includes("reads-calls.plan"),
    );
    await until("the Console knows", () => told(console)[1]?.state === "waiting");
  }, 30_000);

  test("tells the events of its policies as the pack says", async () => {
    await using console = await StandInConsole.start();
    await using sensor = await sensorWith(console, "hosts");
    const args = [{ string_arg: "/etc/shadow", label: "path" }];
    const line = JSON.parse(hook("reads", "__x64_sys_openat", args, { message: "Hashes opened" })) as {
      telovix: object;
    };
    const numbered = { ...line, telovix: { ...line.telovix, seq: "1", monitored: true } };
    await until(
      "the engine's place is there",
      async () => (await readdir(sensor.paths.engineOut).catch(() => undefined)) !== undefined,
    );
    await appendFile(join(sensor.paths.engineOut, "events-1.jsonl"), `${JSON.stringify(numbered)}\n`);
    const found = () => [...console.events.values()].find((e) => e.hook?.policy_name === "reads");
    await until("it has come", () => found() !== undefined);
    expect(found()).toMatchObject({
      kind: "file_open",
      severity: "critical",
      tags: ["T1003.008"],
      file: { path: "/etc/shadow" },
      hook: { monitored: true },
    });
    expect(found()?.message).toStartWith("Hashes opened: /etc/shadow, by /usr/bin/cat");
  });

  // Whether an engine may run is looked at before it is started.
  test.skipIf(refusal !== undefined)(
    "tells an engine where the plans are, and calls it running once it sees",
    async () => {
      await using console = await StandInConsole.start();
      const words = join(root, "words");
      await writeFile(join(root, "telovix-engine"), `#!/bin/sh\necho "$@" >${words}\nexec sleep 1000\n`, {
        mode: 0o755,
      });
      await using sensor = await sensorWith(console, "hosts", "telovix-engine");
      const state = () => console.heartbeats.at(-1)?.engine;
      await until("it is started", () => state()?.pid !== undefined);
      await until("its words are written", async () => (await readFile(words, "utf8").catch(() => "")).endsWith("\n"));
      expect(await readFile(words, "utf8")).toContain(` --plan ${sensor.paths.enginePlans} `);
      expect(state()?.state).toBe("starting");
      const start = { engine_start: { version: "1", backends: [] }, time: "2026-11-25T20:00:00Z" };
      const text = JSON.stringify({ ...start, telovix: { seq: "1", run_id: "aa", boot_id: "b" } });
      await appendFile(join(sensor.paths.engineOut, "events-1.jsonl"), `${text}\n`);
      await until("it runs", () => state()?.state === "running");
    },
  );

  test("does not start with a pack that is not there", async () => {
    await using console = await StandInConsole.start();
    await using sensor = await sensorWith(console, "hosts,nowhere");
    expect(await sensor.done.then(() => "it ran", errorMessage)).toContain("no pack 'nowhere'");
  });

  test("has none where none are wanted", async () => {
    await using console = await StandInConsole.start();
    await using sensor = await sensorWith(console, "none");
    await until("a heartbeat", () => console.heartbeats.length > 0);
    expect(told(console)).toEqual([]);
    expect(await readdir(sensor.paths.enginePlans)).toEqual(["control.json"]);
  });
});

describe("the Console", () => {
  let console: TestConsole;
  beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
  afterAll(() => console[Symbol.asyncDispose]());

  test("shows the policies of a sensor, and knows of older sensors that they say nothing", async () => {
    const sensor = await console.enroll("policies-1");
    const detail = (): Promise<SensorDetail> => console.json("GET", `/api/v1/sensors/${sensor.sensorId}`);
    const { engine } = testHeartbeat();
    const policies: PolicyState[] = [
      { name: "reads", pack: "hosts", mode: "monitor", state: "ok", matched: 3, enforced: 0, lost: 0 },
      {
        name: "writes",
        pack: "hosts",
        mode: "enforce",
        state: "rejected",
        reason: "no hook",
        matched: 0,
        enforced: 0,
        lost: 0,
      },
    ];
    const sent = await sensor.send(
      "/sensors/heartbeat",
      testHeartbeat({ protocol_version: 2, engine: { ...engine, policies } }),
    );
    expect(sent.status).toBe(200);
    expect((await detail()).engine?.policies).toEqual(policies);
    const old = await console.enroll("policies-2");
    expect((await old.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    const of = await console.json<SensorDetail>("GET", `/api/v1/sensors/${old.sensorId}`);
    expect(of.engine).not.toHaveProperty("policies");
  });

  test("refuses more policies than there can be", async () => {
    const sensor = await console.enroll("policies-3");
    const { engine } = testHeartbeat();
    const one: PolicyState = { name: "p", mode: "monitor", state: "ok", matched: 0, enforced: 0, lost: 0 };
    const policies = Array.from({ length: 513 }, () => one);
    const sent = await sensor.send("/sensors/heartbeat", testHeartbeat({ engine: { ...engine, policies } }));
    expect(sent.status).toBe(400);
  });
});
