import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkBatch, readEnvelope } from "../../src/console/ingest/check-batch.ts";
import { readFrame } from "../../src/console/ingest/frames.ts";
import { unpackMsgpack } from "../../src/console/http/msgpack.ts";
import { AppError } from "../../src/core/error.ts";
import { createSensorRequest, readSensorRequest } from "../../src/core/pki/csr.ts";
import { lanesOf } from "../../src/sim/fleet/fleet.ts";
import { decode, encode, packed } from "../../src/sim/link/codec.ts";
import { heartbeatOf, inventoryOf, type NodeFacts } from "../../src/sim/node/state.ts";
import { DEFAULT_BEHAVIOUR } from "../../src/sim/options.ts";
import { Dice } from "../harness/events.ts";
import { mutateBytes, mutateValue } from "../harness/mutate.ts";
import { TestConsole, type TestSensor, type TestStream } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

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
  return {
    dice,
    frames: [events, hello, encode({ type: "pong", id: 3 })],
    batch: (decode(events) as { batch: unknown }).batch,
    heartbeat: heartbeatOf(facts, figures, NOW_US, true),
    inventory: inventoryOf("web", 0, NOW_US),
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

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("decoders of what sensors send", () => {
  test("a stream's frame: random bytes, and real ones that were damaged inside and outside their compression", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => survives(() => readFrame(Buffer.from(bytes)))),
    );
    fc.assert(
      fc.property(seeds, (seed) => {
        const { dice, frames } = traffic(seed);
        const frame = dice.pick(frames);
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
    const { csrPem } = await createSensorRequest("node-1");
    const [head, ...rest] = csrPem.trim().split("\n");
    const der = Buffer.from(rest.slice(0, -1).join(""), "base64");
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const dice = new Dice(seed);
        const text = Buffer.from(mutateBytes(Buffer.from(csrPem), dice)).toString("latin1");
        const bytes = Buffer.from(mutateBytes(der, dice)).toString("base64");
        for (const pem of [text, `${head}\n${bytes}\n${rest.at(-1)}\n`])
          await readSensorRequest(pem, "node-1").catch((error: unknown) => {
            if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
          });
      }),
      // The one given is a key whose parameters are damaged, which shows only when the key is asked for.
      { numRuns: 300, examples: [[126_238_678]] },
    );
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
    const after = async (from: number, count: number): Promise<number> => {
      for (let seed = from; seed < from + count; seed++) await knock(seed);
      Bun.gc(true);
      return process.memoryUsage().heapUsed;
    };
    const warm = await after(1, 150);
    const grown = (await after(1_000, 300)) - warm;
    expect(grown).toBeLessThan(40 * 1024 * 1024);
    expect(console.logged.filter((line) => line.includes('"level":"error"') && !line.includes("refused"))).toEqual([]);
  }, 120_000);

  test("each damaged frame ends in an acknowledgement or in the stream's end, with a reason", async () => {
    for (let seed = 5_000; seed < 5_060; seed++) {
      const { dice, frames } = traffic(seed);
      const stream: TestStream = await sensors[seed % 2]!.stream();
      await stream.hello(`${seed}`.padStart(16, "0"));
      const frame = dice.pick(frames);
      stream.socket.send(
        dice.below(2) === 0 ? mutateBytes(frame, dice) : Uint8Array.from(encode(mutateValue(decode(frame), dice))),
      );
      // Whatever the frame was taken for: the Console still answers to the next, or has said why not.
      stream.send({
        type: "events",
        batch: { epoch: `${seed}`.padStart(16, "0"), first_seq: 1, last_seq: 1, events: [] },
      });
      const outcome = await stream.next("ack").then(
        () => "ack",
        () => stream.closed,
      );
      expect(["ack", 1008, 1009, 1013]).toContain(outcome as string | number);
      stream.socket.close();
    }
  }, 120_000);

  test("enrolment with damaged requests", async () => {
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
});
