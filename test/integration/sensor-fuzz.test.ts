import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import { decode, encode } from "../../src/sim/link/codec.ts";
import { damagedRequests, traffic } from "../harness/damaged-traffic.ts";
import { Dice } from "../harness/dice.ts";
import { mutateBytes, mutateValue } from "../harness/mutate.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor, TestStream } from "../harness/test-sensor.ts";

/** Objects that a run of some hundred messages may leave behind: noise of the runtime, but not the messages or who sent them. */
const MOST_OBJECTS = 4_000;
/** Most of a message's time is waiting for its insert: so many sensors speak at once, each for itself. */
const AT_ONCE = 10;

describe("damaged traffic at a running Console", () => {
  let console: TestConsole;
  let sensors: TestSensor[];

  beforeAll(async () => {
    console = await TestConsole.fresh();
    sensors = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => console.enroll(`fuzz-${i}`)));
  }, 60_000);

  afterAll(() => console[Symbol.asyncDispose]());

  const ANSWERS = [200, 400, 401, 413, 415, 426, 429, 503];
  const counted = (outcome: string): number => console.metrics.value("telovix_console_events_total", { outcome });
  const errors = (): string[] =>
    console.logged.filter((line) => line.includes('"level":"error"') && !line.includes("refused"));

  /** Objects on the heap that the last seeds left, once the first have warmed everything up. */
  async function growth(
    run: (seed: number) => Promise<void>,
    from: number,
    warm: number,
    more: number,
  ): Promise<number> {
    const objects = (): number => {
      Bun.gc(true);
      return heapStats().objectCount;
    };
    const runAll = async (first: number, many: number): Promise<void> => {
      for (let seed = first; seed < first + many; seed += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => run(seed + i)));
    };
    await runAll(from, warm);
    const before = objects();
    await runAll(from + warm, more);
    return objects() - before;
  }

  async function knock(seed: number): Promise<void> {
    const { dice, batch, heartbeat, inventory } = traffic(seed);
    const sensor = sensors[seed % AT_ONCE]!;
    const path = dice.pick(["heartbeat", "events", "inventory"] as const);
    const good = { heartbeat, events: batch, inventory }[path];
    const headers = { "content-type": "application/msgpack", "content-encoding": "zstd" };
    const body = dice.below(2) === 0 ? mutateBytes(encode(good), dice) : encode(mutateValue(good, dice));
    const answer = await sensor.post(`/api/v1/sensors/${path}`, Uint8Array.from(body), headers);
    const text = await answer.text();
    expect(ANSWERS).toContain(answer.status);
    if (answer.status !== 200) expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String) } });
  }

  test("each request is answered, none as a fault of the Console, and its memory does not grow", async () => {
    expect(await growth(knock, 1_000, 150, 300)).toBeLessThan(MOST_OBJECTS);
    expect(errors()).toEqual([]);
  }, 120_000);

  /** A frame damaged outside or inside of its compression, or in what it says. */
  function damagedFrame(frame: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
    const way = dice.below(4);
    if (way === 0) return mutateBytes(frame, dice);
    if (way === 1)
      return Uint8Array.from(Bun.zstdCompressSync(mutateBytes(Bun.zstdDecompressSync(Uint8Array.from(frame)), dice)));
    return Uint8Array.from(encode(mutateValue(decode(frame), dice)));
  }

  const outcomes = new Set<string>();

  /** Says hello for the lane whose frames come, one of them damaged; or the hello itself is. */
  async function speak(seed: number): Promise<void> {
    const { dice, epoch, ...real } = traffic(seed);
    const stream: TestStream = await sensors[seed % AT_ONCE]!.stream();
    const kind = dice.pick(["hello", "events", "events", "beat", "stock", "pong"] as const);
    const frame = damagedFrame(real[kind], dice);
    if (kind !== "hello") {
      stream.socket.send(Uint8Array.from(real.hello));
      expect(await stream.next("welcome")).toMatchObject({ lanes: [{ epoch }], heartbeats: true, inventories: true });
    }
    stream.socket.send(frame);
    if (kind !== "hello" && kind !== "beat") stream.socket.send(Uint8Array.from(real.beat));
    // Whatever the frame was taken for: the Console still answers to the good ones, or has said why not.
    stream.socket.send(Uint8Array.from(real.events));
    const outcome = await stream.next("ack").then(
      () => "ack",
      () => `${stream.closed}`,
    );
    expect(["ack", "1008", "1009", "1013"]).toContain(outcome);
    outcomes.add(`${kind} ${outcome}`);
    for (const said of stream.frames)
      if (said.type === "error" || said.type === "heard" || said.type === "noted")
        expect(said.type === "error" ? said.code : said.error?.code).not.toBe("internal");
    stream.socket.close();
  }

  test("each damaged frame ends in an acknowledgement or in the stream's end, with a reason, and nothing grows", async () => {
    const before = counted("stored");
    expect(await growth(speak, 5_000, 50, 100)).toBeLessThan(MOST_OBJECTS);
    expect(errors()).toEqual([]);
    // What was sent has been where it should: some was taken, some was taken in part, some was told from what was there.
    expect(counted("stored") - before).toBeGreaterThan(100);
    for (const outcome of ["rejected", "duplicate"]) expect(counted(outcome)).toBeGreaterThan(0);
    for (const outcome of ["events ack", "events 1008", "beat ack", "beat 1008", "stock ack", "hello 1008"])
      expect([...outcomes]).toContain(outcome);
    const [row] = await console.stores.events.select<{ n: number }>(
      console.me.tenant_id,
      "SELECT count() AS n FROM runtime_events FINAL WHERE tenant_id = {tenant_id:UUID}",
    );
    expect(Number(row!.n)).toBe(counted("stored"));
  }, 240_000);

  test("enrolment with damaged bodies", async () => {
    const { csrPem } = await createSensorRequest("node-9");
    const good = {
      protocol_version: 1,
      token: `tse_${"A".repeat(43)}`,
      csr_pem: csrPem,
      node_name: "node-9",
      declared_role: "generic_linux",
      flavor: "standard",
      sensor_version: "1",
    };
    for (let seed = 1; seed <= 60; seed++) {
      const dice = new Dice(seed);
      const json = Buffer.from(JSON.stringify(dice.below(2) === 0 ? mutateValue(good, dice) : good) ?? "null");
      const answer = await sensors[0]!.post("/api/v1/sensors/enroll", mutateBytes(json, dice), {
        "content-type": "application/json",
      });
      await answer.arrayBuffer();
      expect(ANSWERS).toContain(answer.status);
    }
  }, 60_000);

  test("damaged certificate requests, in a renewal by a good certificate and in an enrolment by a good token", async () => {
    const pointers = { renew: 0, enroll: 0 };
    // A sensor may renew six times a minute.
    for (let node = 0; node < 10; node++) {
      const name = `renew-${node}`;
      const sensor = await console.enroll(name);
      const damaged = await damagedRequests(name);
      for (let i = 0; i < 6; i++) {
        const dice = new Dice(100 * node + i);
        const { token } = await console.json<{ token: string }>("POST", "/api/v1/enrollment/tokens", {});
        const asked = {
          renew: await sensor.send("/sensors/renew", { protocol_version: 3, csr_pem: damaged(dice) }),
          enroll: await console.postEnroll(token, name, damaged(dice)),
        };
        for (const way of ["renew", "enroll"] as const) {
          const body = (await asked[way].json()) as { error?: { code: string; pointer?: string } };
          expect([200, 400]).toContain(asked[way].status);
          if (asked[way].status === 400) expect(body.error!.code).toBe("invalid_request");
          if (body.error?.pointer === "/csr_pem") pointers[way]++;
        }
      }
    }
    // Far most of them got as far as the reader of requests, and no further.
    expect(pointers.renew).toBeGreaterThan(40);
    expect(pointers.enroll).toBeGreaterThan(40);
    expect(errors()).toEqual([]);
  }, 120_000);
});
