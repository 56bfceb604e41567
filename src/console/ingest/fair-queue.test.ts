import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LaneName } from "../../core/wire/common.ts";
import { FairQueue } from "./fair-queue.ts";

const item = (sensorId: string, size: number, laneName: LaneName = "bulk", n = 0) => ({
  sensorId,
  laneName,
  n,
  cost: size,
});
type Item = ReturnType<typeof item>;
const costOf = (group: readonly Item[], sensorId?: string): number =>
  group.filter((i) => sensorId === undefined || i.sensorId === sensorId).reduce((sum, i) => sum + i.cost, 0);

describe("the fair queue", () => {
  test("a sensor that sends a hundred times as much does not make another wait", () => {
    const queue = new FairQueue<Item>();
    for (let n = 0; n < 100; n++) queue.add(item("rogue", 1_000, "bulk", n));
    for (let s = 0; s < 20; s++) queue.add(item(`s${s}`, 100));
    const first = queue.take(10_000);
    for (let s = 0; s < 20; s++) expect(costOf(first, `s${s}`)).toBe(100);
    expect(costOf(first, "rogue")).toBe(8_000);
  });

  test("two that send without end get the same, whatever the size of their batches", () => {
    const queue = new FairQueue<Item>();
    for (let n = 0; n < 60; n++) queue.add(item("coarse", 2_000, "bulk", n));
    for (let n = 0; n < 1_200; n++) queue.add(item("fine", 100, "bulk", n));
    let [coarse, fine] = [0, 0];
    for (let g = 0; g < 10; g++) {
      const group = queue.take(10_000);
      coarse += costOf(group, "coarse");
      fine += costOf(group, "fine");
    }
    expect(Math.abs(coarse - fine)).toBeLessThanOrEqual(4_000);
  });

  test("alerts come first and an outage's rest last, but a flood of one lane leaves the others a part", () => {
    const queue = new FairQueue<Item>();
    for (let n = 0; n < 50; n++) queue.add(item(`b${n % 5}`, 1_000, "backlog", n));
    for (let n = 0; n < 50; n++) queue.add(item(`l${n % 5}`, 1_000, "bulk", n));
    for (let n = 0; n < 50; n++) queue.add(item(`a${n % 5}`, 1_000, "alert", n));
    const group = queue.take(10_000);
    const parts = Object.groupBy(group, (i) => i.laneName);
    expect([parts.alert, parts.bulk, parts.backlog].map((part) => costOf(part ?? []))).toEqual([6_000, 3_000, 1_000]);
    expect(group[0]!.laneName).toBe("alert");
  });

  test("loses and repeats nothing, keeps each sensor's order in a lane, and ends", () => {
    const lane = fc.constantFrom<LaneName>("alert", "bulk", "backlog");
    const items = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(3_000), lane), { maxLength: 60 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 5_000 }), (list, groupRows) => {
        const queue = new FairQueue<Item>();
        for (const [n, [sensorId, size, laneName]] of list.entries()) queue.add(item(sensorId, size, laneName, n));
        const out: Item[] = [];
        while (queue.size > 0) {
          const group = queue.take(groupRows);
          expect(group.length).toBeGreaterThan(0);
          out.push(...group);
        }
        expect(queue.cost).toBe(0);
        expect(out.map((i) => i.n).toSorted((x, y) => x - y)).toEqual(list.map((_, n) => n));
        for (const numbers of Object.values(Object.groupBy(out, (i) => i.sensorId + i.laneName)))
          expect(numbers!.map((i) => i.n)).toEqual(numbers!.map((i) => i.n).toSorted((x, y) => x - y));
      }),
    );
  });
});
