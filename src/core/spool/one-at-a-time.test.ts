import { expect, test } from "bun:test";
import { OneAtATime } from "./one-at-a-time.ts";

test("works wait for those before them, and one that fails holds up none", async () => {
  const turns = new OneAtATime();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.run(async () => {
    await gate.promise;
    seen.push("first");
    throw new Error("no");
  });
  const second = turns.run(async () => void seen.push("second"));
  expect(seen).toEqual([]);
  gate.resolve();
  expect(await first.then(() => "done", String)).toBe("Error: no");
  await second;
  expect(seen).toEqual(["first", "second"]);
});
