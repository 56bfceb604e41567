import { expect, test } from "bun:test";
import type { AppError } from "../../core/error.ts";
import { Metrics } from "../../core/metrics.ts";
import { Posts } from "./posts.ts";

const MB = 1024 * 1024;

function codeOf(act: () => unknown): string {
  try {
    act();
    return "taken";
  } catch (error) {
    return (error as AppError).code;
  }
}

test("a sensor has two of a kind on the way, and others have theirs", () => {
  const posts = new Posts(new Metrics());
  const first = posts.enter("a", "events");
  posts.enter("a", "events");
  expect(codeOf(() => posts.enter("a", "events"))).toBe("rate_limited");
  expect(codeOf(() => posts.enter("a", "heartbeat"))).toBe("taken");
  expect(codeOf(() => posts.enter("b", "events"))).toBe("taken");
  first[Symbol.dispose]();
  expect(codeOf(() => posts.enter("a", "events"))).toBe("taken");
});

test("together they hold what there is room for, one above it at most, until they are answered", () => {
  const metrics = new Metrics();
  const posts = new Posts(metrics, 100 * MB);
  const [a, b, waits] = [posts.enter("a", "events"), posts.enter("b", "events"), posts.enter("c", "events")];
  a.weigh(4 * MB);
  a.weigh(60 * MB);
  b.weigh(60 * MB);
  expect(posts.bytes).toBe(120 * MB);
  expect(codeOf(() => waits.weigh(1))).toBe("unavailable");
  expect(codeOf(() => posts.enter("d", "heartbeat"))).toBe("unavailable");
  // What has come already may still shrink.
  expect(codeOf(() => a.weigh(50 * MB))).toBe("taken");
  b[Symbol.dispose]();
  expect(codeOf(() => waits.weigh(60 * MB))).toBe("taken");
  for (const post of [a, waits]) post[Symbol.dispose]();
  expect(posts.bytes).toBe(0);
  expect(metrics.value("telovix_console_posts_refused_total", { reason: "unavailable" })).toBe(2);
});
