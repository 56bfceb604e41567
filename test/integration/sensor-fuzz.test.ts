import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import fc from "fast-check";
import { checkBatch, readEnvelope } from "../../src/console/ingest/check-batch.ts";
import { readFrame } from "../../src/console/ingest/frames.ts";
import { unpackMsgpack } from "../../src/console/http/msgpack.ts";
import { AppError } from "../../src/core/error.ts";
import { createSensorRequest, readSensorRequest } from "../../src/core/pki/csr.ts";
import { lanesOf } from "../../src/sim/fleet/fleet.ts";
import { decode, encode, packed } from "../../src/sim/link/codec.ts";
import type { NodeFacts } from "../../src/sim/node/facts.ts";
import { heartbeatOf, inventoryOf } from "../../src/sim/node/state.ts";
import { DEFAULT_BEHAVIOUR } from "../../src/sim/options.ts";
import { Dice } from "../harness/events.ts";
import { mutateBytes, mutateValue } from "../harness/mutate.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { TestConsole, type TestSensor, type TestStream } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

/** Objects that a run of some hundred messages may leave behind: noise of the runtime, but not the messages or who sent them. */
const MOST_OBJECTS = 4_000;
const NOW_US = Date.now() * 1000;

/** Frames and bodies as the simulator sends them. */
function traffic(seed: number) {
  const dice = new Dice(seed);
  const lane = lanesOf({ ...DEFAULT_BEHAVIOUR, seed, eps: 50 }, seed % 97, 1, NOW_US - 60e6)[seed % 2]!;
  lane.generate(5_000 + dice.below(20_000));
  lane.credit = 1 + dice.below(60);
  const facts: NodeFacts = {
    index: seed % 97,
    seed,
    profile: "web",
    nodeName: "sim-1",
    serial: "ab",
    certificateExpiresAt: "2027-01-01T00:00:00Z",
    startedUs: NOW_US,
  };
  const figures = {
    generated: 9,
    sent: 9,
    acked: 9,
    missing: 0,
    waiting: 0,
    rejected: 0,
    reconnects: 0,
    heartbeatFailures: 0,
    connected: true,
  };
  const events = lane.nextBatch(0)!;
  const hello = encode({
    type: "hello",
    protocol_version: 3,
    sensor_version: "sim",
    epoch: lane.epoch,
    next_seq: 1,
    lanes: [{ lane: "bulk", epoch: lane.epoch, next_seq: 1, acked_seq: 0 }],
  });
  const heartbeat = heartbeatOf(facts, figures, NOW_US, true);
  return {
    dice,
    epoch: lane.epoch,
    hello,
    events,
    beat: encode({ type: "heartbeat", id: 4, heartbeat }),
    stock: encode({ type: "inventory", id: 5, inventory: inventoryOf(facts, 0, NOW_US, true) }),
    pong: encode({ type: "pong", id: 3 }),
    batch: (decode(events) as { batch: unknown }).batch,
    heartbeat,
    inventory: inventoryOf(facts, 0, NOW_US, true),
  };
}

/** Runs a decoder; anything but an AppError that blames the sender is a fault of ours. */
function survives(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(["invalid_request", "too_large", "protocol_version"]).toContain(error.code);
  }
}

/** A certificate request of `nodeName` and a way to damage it: its text, or its DER. */
async function damagedRequests(nodeName: string): Promise<(dice: Dice) => string> {
  const { csrPem } = await createSensorRequest(nodeName);
  const [head, ...rest] = csrPem.trim().split("\n");
  const der = Buffer.from(rest.slice(0, -1).join(""), "base64");
  return (dice) =>
    dice.below(2) === 0
      ? Buffer.from(mutateBytes(Buffer.from(csrPem), dice)).toString("latin1")
      : `${head}\n${Buffer.from(mutateBytes(der, dice)).toString("base64")}\n${rest.at(-1)}\n`;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("decoders of what sensors send", () => {
  test("a stream's frame: random bytes, and real ones that were damaged inside and outside their compression", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => survives(() => readFrame(Buffer.from(bytes)))),
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const { dice, ...real } = traffic(seed);
        const frame = dice.pick([real.events, real.hello, real.beat, real.stock, real.pong]);
        survives(() => readFrame(Buffer.from(mutateBytes(frame, dice))));
        const inside = mutateBytes(Bun.zstdDecompressSync(Uint8Array.from(frame)), dice);
        survives(() => readFrame(Buffer.from(Bun.zstdCompressSync(inside))));
        survives(() => readFrame(Buffer.from(encode(mutateValue(decode(frame), dice)))));
        survives(() => readFrame(JSON.stringify(mutateValue({ type: "pong", id: 1 }, dice) ?? null)));
      }),
      { numRuns: 300 },
    );
  });

  test("MessagePack: random bytes and damaged messages", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => survives(() => unpackMsgpack(bytes))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const { dice, heartbeat, inventory } = traffic(seed);
        survives(() => unpackMsgpack(mutateBytes(packed(dice.pick([heartbeat, inventory])), dice)));
      }),
      { numRuns: 300 },
    );
  });

  test("a batch whose fields were changed: what is good in it is kept, the rest is said", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { dice, batch } = traffic(seed);
        survives(() => {
          const read = readEnvelope(mutateValue(batch, dice));
          const checked = checkBatch(read, 0, undefined, Date.now());
          expect(checked.events.length + checked.rejected.length + checked.duplicates).toBe(read.events.length);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("a certificate request: damaged text, damaged DER", async () => {
    const damaged = await damagedRequests("node-1");
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        await readSensorRequest(damaged(new Dice(seed)), "node-1").catch((error: unknown) => {
          if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
        });
      }),
      { numRuns: 600 },
    );
  });

  test("a certificate request over a key whose parameters are damaged: it shows only when the key is asked for", async () => {
    const { csrPem } = await createSensorRequest("node-1");
    const der = Buffer.from(csrPem.trim().split("\n").slice(1, -1).join(""), "base64");
    // The parameters' type: no name of a curve any more, and no description of one either.
    der[der.indexOf(Buffer.from("06082a8648ce3d030107", "hex"))] = 0x07;
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await rejectionOf(readSensorRequest(pem, "node-1"))).toMatchObject({ code: "invalid_request" });
  });
});

describe("damaged traffic at a running Console", () => {
  let stores: TestStores;
  let console: TestConsole;
  let sensors: TestSensor[];

  beforeAll(async () => {
    stores = await testStores();
    console = await (await TestConsole.start(stores)).setUp();
    sensors = [await console.enroll("fuzz-1"), await console.enroll("fuzz-2")];
  }, 60_000);

  afterAll(async () => {
    await console[Symbol.asyncDispose]();
    await stores.dispose();
  });

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
    for (let seed = from; seed < from + warm; seed++) await run(seed);
    const before = objects();
    for (let seed = from + warm; seed < from + warm + more; seed++) await run(seed);
    return objects() - before;
  }

  async function knock(seed: number): Promise<void> {
    const { dice, batch, heartbeat, inventory } = traffic(seed);
    const sensor = sensors[seed % 2]!;
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
    const stream: TestStream = await sensors[seed % 2]!.stream();
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
    const [row] = await stores.events.select<{ n: number }>(
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
