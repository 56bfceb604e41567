import { expect, test } from "bun:test";
import { ManualClock } from "../../core/clock.ts";
import { Gather } from "./gather.ts";

function setup(maxKeys = 100) {
  const clock = new ManualClock();
  const asked: number[][] = [];
  const open: (() => void)[] = [];
  const gather = new Gather<number, string>(
    async (keys) => {
      asked.push([...keys]);
      await new Promise<void>((resolve) => open.push(resolve));
      if (keys.includes(13)) throw new Error("no luck");
      return new Map(keys.filter((key) => key < 1_000).map((key) => [key, `v${key}`]));
    },
    { clock, spacingMs: 50, maxKeys },
  );
  const answer = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    open.shift()?.();
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { clock, asked, gather, answer };
}

test("one alone is asked for at once; those that come meanwhile go together, each once", async () => {
  const { asked, gather, answer } = setup();
  const first = gather.get(1);
  await answer();
  expect(await first).toBe("v1");
  const second = gather.get(2);
  for (let i = 0; i < 9; i++) await Promise.resolve();
  const later = [3, 4, 3, 2, 9_999].map((key) => gather.get(key));
  await answer();
  expect(await second).toBe("v2");
  await answer();
  expect(await Promise.all(later)).toEqual(["v3", "v4", "v3", "v2", undefined]);
  // Asked again for 2: the answer under way began before.
  expect(asked).toEqual([[1], [2], [3, 4, 2, 9_999]]);
});

test("while many come there is room between questions, and no more keys than are allowed in one", async () => {
  const { clock, asked, gather, answer } = setup(5);
  const some = Array.from({ length: 4 }, (_, i) => gather.get(i));
  await answer();
  await Promise.all(some);
  const more = gather.get(20);
  await answer();
  expect(asked).toEqual([[0, 1, 2, 3]]);
  await clock.advance(50);
  await answer();
  expect(await more).toBe("v20");
  const many = Array.from({ length: 12 }, (_, i) => gather.get(100 + i));
  for (let i = 0; i < 3; i++) {
    await answer();
    await clock.advance(50);
  }
  expect((await Promise.all(many)).length).toBe(12);
  expect(asked.slice(2).map((keys) => keys.length)).toEqual([5, 5, 2]);
});

test("a failed question fails for its keys, and the next one is asked anew", async () => {
  const { gather, answer } = setup();
  const failing = [gather.get(13), gather.get(1)].map((p) => p.catch((error: unknown) => String(error)));
  await answer();
  expect(await Promise.all(failing)).toEqual(["Error: no luck", "Error: no luck"]);
  const next = gather.get(1);
  await answer();
  expect(await next).toBe("v1");
});
