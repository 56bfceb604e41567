import { expect, test } from "bun:test";
import type { Entry } from "./commit.ts";
import { reachedBy } from "./reached.ts";

const lane = (epoch: string, durableSeq: number, stale = false) => ({
  tenantId: "t",
  sensorId: "s",
  epoch,
  durableSeq,
  stale,
});
const entry = (of: object, lastSeq: number): Entry => ({ lane: of, lastSeq }) as Entry;

test("a lane reaches its furthest batch and never goes back; one with a failure before it is left out", () => {
  const [on, ahead, failed] = [lane("a", 10), lane("b", 90), lane("c", 0, true)];
  expect(reachedBy([entry(on, 30), entry(ahead, 40), entry(failed, 5), entry(on, 20)])).toEqual([
    { tenantId: "t", sensorId: "s", epoch: "a", seq: 30 },
    { tenantId: "t", sensorId: "s", epoch: "b", seq: 90 },
  ]);
});
