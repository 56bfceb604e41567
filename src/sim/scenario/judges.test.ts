import { describe, expect, test } from "bun:test";
import { Histogram } from "../fleet/histogram.ts";
import { faultOf } from "./outage.ts";
import { slowedDown } from "./rogue.ts";

const times = (many: number, ms: number): Histogram => {
  const histogram = new Histogram();
  for (let i = 0; i < many; i++) histogram.add(ms);
  return histogram;
};

describe("what was seen while something was down", () => {
  const well = { heartbeats: 40, failed: 2, ended: 0, answers: 9, notGreen: 0 };
  test.each([
    ["nothing", {}, undefined],
    ["heartbeats that fail", { failed: 3 }, "3 heartbeats failed while it was away, 40 were answered"],
    ["streams that are ended", { ended: 2 }, "the Console ended 2 streams while it was away"],
    ["no heartbeat at all", { heartbeats: 0, failed: 0 }, "no heartbeat was answered while it was away"],
    ["a Console that says nothing", { answers: 0 }, "the Console did not say how its sensors are while it was away"],
    ["a sensor shown as lost", { notGreen: 1 }, "the Console showed 1 sensors as anything but well while it was away"],
  ])("finds fault with %s", (_name, by, what) => expect(faultOf("while it was away", { ...well, ...by })).toBe(what));
});

describe("the others beside a rogue", () => {
  const of = (heartbeat: number, ack: number, many = 50) => ({
    heartbeatMs: times(many, heartbeat),
    ackMs: times(many, ack),
  });
  test.each([
    ["as before", of(50, 400), of(50, 400), undefined],
    ["slower, but within a second", of(50, 100), of(900, 900), undefined],
    ["slower, but within three times", of(900, 900), of(2_500, 2_500), undefined],
    ["heartbeats four times as slow", of(900, 400), of(3_600, 400), "the others' heartbeats took"],
    ["acknowledgements more than a second", of(50, 100), of(50, 1_200), "the others' acks took"],
    ["nothing to compare with", of(50, 100, 0), of(50, 100), "there was no heartbeat"],
    ["nothing to compare", of(50, 100), of(50, 100, 0), "there was no heartbeat"],
  ])("are %s", (_name, before, since, what) => {
    const said = slowedDown(before, since, {});
    if (what === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(what);
  });
});
