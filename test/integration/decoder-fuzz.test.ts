import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { unpackMsgpack } from "../../src/console/http/msgpack.ts";
import { checkBatch, readEnvelope } from "../../src/console/ingest/check-batch.ts";
import { readFrame } from "../../src/console/ingest/frames.ts";
import { AppError } from "../../src/core/error.ts";
import { createSensorRequest, readSensorRequest } from "../../src/core/pki/csr.ts";
import { decode, encode, packed } from "../../src/sim/link/codec.ts";
import { damagedRequests, traffic } from "../harness/damaged-traffic.ts";
import { Dice } from "../harness/dice.ts";
import { mutateBytes, mutateValue } from "../harness/mutate.ts";
import { rejectionOf } from "../harness/rejection.ts";

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
