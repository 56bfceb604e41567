import { expect, test } from "bun:test";
import { EventRoom } from "./event-room.ts";

const filled = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);

test("what is kept stands until it is cleared, however much it is; then its place is used again", () => {
  const room = new EventRoom();
  const sizes = [10, 300_000, 500_000, 700_000, 1 << 21, 5];
  const kept = sizes.map((size, i) => room.keep(filled(size, i + 1)));
  for (const [i, bytes] of kept.entries()) expect(bytes).toEqual(filled(sizes[i]!, i + 1));
  room.clear();
  const first = room.keep(filled(1_000, 9));
  room.clear();
  const second = room.keep(filled(1_000, 8));
  expect(second.buffer).toBe(first.buffer);
  expect(first).toEqual(filled(1_000, 8));
});
