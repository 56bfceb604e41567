import { expect, test } from "bun:test";
import fc from "fast-check";
import { groupLanes, LANES_A_QUESTION, type LaneAbove } from "./store-ranges.ts";

const lane = (cursor: number, i = 0): LaneAbove => ({ tenantId: "t", sensorId: `s${i}`, epoch: "e", cursor });
const cursors = (groups: readonly (readonly LaneAbove[])[]): number[][] =>
  groups.map((group) => group.map((each) => each.cursor));

test("a fleet whose cursors are near each other is asked for in few questions", () => {
  const fleet = Array.from({ length: 1_000 }, (_, i) => lane(5_000 + (i % 700), i));
  expect(groupLanes(fleet).length).toBe(1_000 / LANES_A_QUESTION);
});

test("one that was never heard of does not make the whole past of others be read", () => {
  expect(cursors(groupLanes([lane(3_000_000), lane(0), lane(3_000_400), lane(20)]))).toEqual([
    [0, 20],
    [3_000_000, 3_000_400],
  ]);
});

test("whatever the cursors are, each lane is in one group, above whose lowest cursor it is asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 40 }), { maxLength: 400 }), (all) => {
      const lanes = all.map((cursor, i) => lane(cursor, i));
      const groups = groupLanes(lanes);
      expect(groups.flat().toSorted((a, b) => a.sensorId.localeCompare(b.sensorId))).toEqual(
        lanes.toSorted((a, b) => a.sensorId.localeCompare(b.sensorId)),
      );
      for (const group of groups) {
        expect(group.length).toBeLessThanOrEqual(LANES_A_QUESTION);
        expect(Math.min(...group.map((each) => each.cursor))).toBe(group[0]!.cursor);
        const spare = group.reduce((sum, each) => sum + each.cursor - group[0]!.cursor, 0);
        expect(spare).toBeLessThanOrEqual(500_000);
      }
    }),
  );
});
