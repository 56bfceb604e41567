import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { InventoryAsks, inventoryIntervalSecs } from "./rhythm.ts";

test("a fleet sends twenty lists a second at most, whatever its size", () => {
  expect([1, 300, 301, 10_000, 1_000_000].map(inventoryIntervalSecs)).toEqual([undefined, undefined, 16, 500, 3_600]);
});

test("a sensor is asked once in 15 s; one without a stream is asked again at once when it has one", async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const there = new Set(["a"]);
  const asks = new InventoryAsks((id) => there.has(id) && asked.push(id) > 0, clock);
  for (let i = 0; i < 5; i++) asks.ask("a");
  asks.ask("b");
  there.add("b");
  asks.ask("b");
  expect(asked).toEqual(["a", "b"]);
  await clock.advance(15_000);
  asks.ask("a");
  expect(asked).toEqual(["a", "b", "a"]);
});
