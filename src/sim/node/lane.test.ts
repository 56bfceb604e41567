import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compile } from "../../core/check.ts";
import { StreamUp } from "../../core/wire/stream.ts";
import { decode } from "../link/codec.ts";
import { Lane } from "./lane.ts";

const up = compile(StreamUp);

function lane(queueEvents = 100_000): Lane {
  const more = { name: "bulk", profile: "web", seed: 3, index: 4, run: 1, rate: 100, baseUs: 1e15 } as const;
  return new Lane({ ...more, burst: { probability: 0, size: 0 }, queueEvents });
}

function batchOf(bytes: Uint8Array) {
  const frame = up.parse(decode(bytes));
  if (frame.type !== "events") throw new Error("not a batch");
  return frame.batch;
}

describe("a lane of a simulated sensor", () => {
  test("answers for every number exactly once, by event or as missing, whatever comes between", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 8_000 }) }),
        fc.record({ do: fc.constant("send" as const), credit: fc.nat(400) }),
        fc.record({ do: fc.constant("ack" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
        fc.record({ do: fc.constant("reconnect" as const) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const sensor = lane(300);
        // What a Console would have: the number up to which it has everything, by event or as missing.
        let durable = 0;
        let stored = 0;
        let lost = 0;
        let elapsedMs = 0;
        const send = (): void => {
          for (let frame = sensor.nextBatch(0); frame; frame = sensor.nextBatch(0)) {
            const batch = batchOf(frame);
            expect(batch.first_seq).toBeLessThanOrEqual(durable + 1);
            for (const { from_seq, to_seq } of batch.missing ?? []) {
              const from = Math.max(from_seq, durable + 1);
              if (to_seq >= from) lost += to_seq - from + 1;
            }
            const events = batch.events as { seq: number }[];
            stored += events.filter((e) => e.seq > durable).length;
            durable = Math.max(durable, batch.last_seq);
          }
        };
        for (const step of list) {
          if (step.do === "time") sensor.generate((elapsedMs += step.ms));
          else if (step.do === "ack") expect(sensor.acknowledge(Math.floor(durable * step.share), 0)).toBe(true);
          else if (step.do === "reconnect") expect(sensor.resume(sensor.acked, 0)).toBe(true);
          else {
            sensor.credit = step.credit;
            send();
          }
        }
        sensor.credit = 1e9;
        send();
        expect(sensor.acknowledge(durable, 0)).toBe(true);
        expect(durable).toBe(sensor.generated);
        expect(stored + lost).toBe(sensor.generated);
      }),
    );
  });

  test("does not believe in what it never sent", () => {
    const sensor = lane();
    sensor.generate(1_000);
    sensor.credit = 10;
    sensor.nextBatch(0);
    expect(sensor.acknowledge(11, 0)).toBe(false);
    expect(sensor.acknowledge(10, 0)).toBe(true);
  });

  test("drops the oldest beyond its bound, says so, and keeps what is under way", () => {
    const sensor = lane(100);
    sensor.generate(500);
    sensor.credit = 20;
    batchOf(sensor.nextBatch(0)!);
    sensor.generate(10_000);
    sensor.credit = 40;
    const batch = batchOf(sensor.nextBatch(0)!);
    const { generated } = sensor;
    expect(batch.missing).toEqual([{ from_seq: 21, to_seq: generated - 100, cause: "spool_full" }]);
    expect((batch.events[0] as { seq: number }).seq).toBe(generated - 99);
  });
});
