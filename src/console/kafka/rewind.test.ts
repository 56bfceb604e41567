import { expect, test } from "bun:test";
import { oncePerTime, rewound } from "./rewind.ts";

test("a reader that keeps up goes back by messages or by time, whichever is further", () => {
  expect(rewound(100_000n, 99_900n, 0n)).toBe(80_000n);
  expect(rewound(100_000n, 10_000n, 0n)).toBe(10_000n);
});

test("no message since then, or no answer: by messages", () => {
  expect(rewound(100_000n, -1n, 0n)).toBe(80_000n);
  expect(rewound(100_000n, undefined, 0n)).toBe(80_000n);
});

test("it goes back no further than the cluster's log, and never forward", () => {
  expect(rewound(100n, 50n, 0n)).toBe(0n);
  expect(rewound(100_000n, 10n, 90_000n)).toBe(90_000n);
  // The cluster has thrown away even what was not read yet.
  expect(rewound(100n, -1n, 5_000n)).toBe(100n);
});

test("what was spoilt at one time is gone back for once, unless that failed", async () => {
  const asked: number[] = [];
  let fails = true;
  const rewind = oncePerTime(async (_group, _topics, sinceMs) => {
    asked.push(sinceMs);
    if (fails) throw new Error("no broker");
  });
  expect(await rewind("g", [], 1).catch(String)).toContain("no broker");
  fails = false;
  for (const sinceMs of [1, 1, 2, 2]) await rewind("g", [], sinceMs);
  expect(asked).toEqual([1, 1, 2]);
});
