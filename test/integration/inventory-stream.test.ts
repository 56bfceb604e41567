import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SensorInventory } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { ProcessEntry } from "../../src/core/wire/inventory.ts";
import type { StreamDown } from "../../src/core/wire/stream.ts";
import { Fleet } from "../../src/sim/fleet/fleet.ts";
import { DEFAULT_BEHAVIOUR } from "../../src/sim/options.ts";
import { RealSensor } from "../harness/identity.ts";
import { testProcess } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

type Noted = Extract<StreamDown, { type: "noted" }>;

const list = (processes: ProcessEntry[], full = false, agoMs = 0) => ({
  is_full_snapshot: full,
  observed_at_us: (Date.now() - agoMs) * 1000,
  processes,
});

const kept = (sensor: TestSensor): Promise<SensorInventory> =>
  console.json("GET", `/api/v1/sensors/${sensor.sensorId}/inventory`);

const requests = (): number => console.metrics.value("telovix_console_http_requests_total", { status: "2xx" });

describe("an inventory on the stream", () => {
  test("is stored as one that is posted; figures alone are no reason to write, unless it was asked for or is old", async () => {
    const sensor = await console.enroll("list-1");
    const stream = await sensor.stream();
    expect(await stream.hello()).toMatchObject({ inventories: true });
    const send = async (inventory: object): Promise<Noted> => {
      stream.send({ type: "inventory", id: 7, inventory });
      return (await stream.next("noted")) as Noted;
    };
    expect(await send(list([testProcess()], false, 11 * 60_000))).toMatchObject({
      id: 7,
      answer: { stored: ["processes"] },
    });
    const moved = testProcess({ rss_bytes: 2, cpu_percent: 9, state: "R" });
    // What is stored is older than ten minutes.
    expect(await send(list([moved]))).toMatchObject({ answer: { stored: ["processes"] } });
    const again = testProcess({ rss_bytes: 3, cpu_percent: 1 });
    expect(await send(list([again]))).toMatchObject({ answer: { stored: [], unchanged: ["processes"] } });
    expect((await kept(sensor)).processes[0]).toMatchObject({ rss_bytes: 2 });
    expect((await send(list([again], true))).answer?.stored).toContain("processes");
    expect((await kept(sensor)).processes[0]).toMatchObject({ rss_bytes: 3 });
    expect(await send(list([testProcess({ pid: 2 })]))).toMatchObject({ answer: { stored: ["processes"] } });
    // Five at once; the sixth waits.
    expect(await send(list([again]))).toMatchObject({
      error: { code: "rate_limited", retry_after_secs: expect.any(Number) },
    });
    stream.socket.close();
  });

  test("that does not fit is refused with a pointer, and the stream goes on; two at once break the protocol", async () => {
    const sensor = await console.enroll("list-2");
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "inventory", id: 1, inventory: { is_full_snapshot: 7 } });
    expect(await stream.next("noted")).toMatchObject({ id: 1, error: { code: "invalid_request" } });
    stream.send({ type: "inventory", id: 2, inventory: list([testProcess()]) });
    stream.send({ type: "inventory", id: 3, inventory: list([testProcess()]) });
    expect(await stream.next("error")).toMatchObject({ message: "An inventory is under way already." });
    await until(() => stream.closed !== undefined);
  });

  test("is asked for when somebody looks, once however many look", async () => {
    const sensor = await console.enroll("list-3");
    const stream = await sensor.stream();
    await stream.hello();
    for (let look = 0; look < 3; look++) expect((await kept(sensor)).processes_observed_at).toBeNull();
    expect(await stream.next("refresh")).toMatchObject({ what: "inventory" });
    stream.send({ type: "inventory", id: 1, inventory: list([testProcess()], true) });
    await stream.next("noted");
    expect((await kept(sensor)).processes_observed_at).toBeString();
    expect(stream.frames.filter((frame) => frame.type === "refresh")).toEqual([]);
    stream.socket.close();
  });

  test("of a running sensor comes that way", async () => {
    await using sensor = await RealSensor.create();
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    const { sensor_id: id } = await sensor.enroll(made);
    const before = requests();
    let looks = 0;
    sensor.run({ heartbeatIntervalMs: 60_000 });
    const read = (): Promise<SensorInventory> => console.json("GET", `/api/v1/sensors/${id}/inventory`);
    const processes = await until(async () => {
      looks++;
      const list = (await read()).processes;
      return list.length > 0 ? list : undefined;
    });
    expect(processes.some(({ pid }) => pid === process.pid)).toBe(true);
    // Nothing but our own looks was asked over HTTP.
    expect(requests() - before).toBe(looks);
  });

  test("of simulated sensors is as large as a host's, and comes that way", async () => {
    const names = ["sim-a", "sim-b", "sim-c"];
    const enrolled = await Promise.all(names.map((name) => console.enroll(name)));
    const behaviour = { ...DEFAULT_BEHAVIOUR, n: 3, rampMs: 0, durationMs: 1, eps: 0 };
    const fleet = new Fleet({
      behaviour,
      first: 0,
      end: 3,
      run: 1,
      place: { hostname: "127.0.0.1", port: console.running.port, ca: console.caPem },
      keys: enrolled.map((s, i) => ({ node_name: names[i]!, key: s.tls.key, csr: "" })),
      identities: enrolled.map((s, i) => ({
        node_name: names[i]!,
        sensor_id: s.sensorId,
        serial: "ab",
        expires_at: s.enrolled.certificate_expires_at,
        cert: s.tls.cert,
      })),
      past: [],
      startAtMs: Date.now(),
    });
    const before = requests();
    fleet.start();
    try {
      await until(async () => (await fleet.status()).tally.counts.inventories >= 3);
      expect((await fleet.status()).tally.counts.inventoryFailures).toBe(0);
      expect(requests() - before).toBe(0);
      const sizes = await Promise.all(enrolled.map(async (s) => (await kept(s)).processes.length));
      for (const size of sizes) expect(size > 119 && size < 355).toBe(true);
    } finally {
      await fleet[Symbol.asyncDispose]();
    }
  }, 240_000);
});

test("a storm of enrolments gets in whole, however busy the Console is at first", async () => {
  const { runCli } = await import("../../src/cli/run.ts");
  const root = await mkdtemp(join(tmpdir(), "telovix-storm-"));
  const cluster = { cluster: "storm", max_nodes: 200 };
  const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/cluster-tokens", cluster);
  let waits = 0;
  // What stands before a Console lets so many in at a time and sends the others away for a second.
  const real = globalThis.fetch;
  let active = 0;
  const gate = async (...[url, init]: Parameters<typeof fetch>): Promise<Response> => {
    if (!(url instanceof URL && url.pathname.endsWith("/sensors/enroll"))) return real(url, init);
    if (active >= 20) return new Response("busy", { status: 503, headers: { "retry-after": "1" } });
    active++;
    return real(url, init).finally(() => active--);
  };
  globalThis.fetch = Object.assign(gate, { preconnect: real.preconnect });
  const enrol = (i: number): Promise<number> =>
    runCli(
      ["enroll", "--console", console.origin, "--pin", made.pinned_public_key, "--token", made.token].concat([
        "--cluster",
        "storm",
        "--node-name",
        `storm-${i}`,
        "--state-dir",
        join(root, String(i)),
        "--json",
      ]),
      {
        out: () => {},
        err: (text) => void (text.includes("trying again") && waits++),
        signal: new AbortController().signal,
      },
    );
  try {
    const codes = await Promise.all(Array.from({ length: 200 }, (_, i) => enrol(i)));
    expect(codes.filter((code) => code !== 0)).toEqual([]);
    expect(waits).toBeGreaterThan(0);
  } finally {
    globalThis.fetch = real;
    await rm(root, { recursive: true, force: true });
  }
}, 300_000);
