import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { MessageBus } from "../../src/console/shared/bus.ts";
import { RedisLink } from "../../src/console/shared/redis.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { hasRedis, TestRedis } from "../harness/redis.ts";
import { until } from "../harness/until.ts";
import "../harness/stores.ts";

setDefaultTimeout(60_000);

/** One process with a link to Redis. */
function member(redis: TestRedis, self: string, prefix = "telovix:test") {
  const metrics = new Metrics();
  const bus = new MessageBus({ self, clock: systemClock, log: silentLog, metrics });
  const link = new RedisLink(bus, { url: redis.url, prefix, clock: systemClock, log: silentLog, metrics });
  const heard: unknown[] = [];
  bus.subscribe("test", (body) => heard.push(body));
  const stop = new AbortController();
  const running = [bus.run(stop.signal), link.run(stop.signal)];
  return {
    bus,
    link,
    metrics,
    heard,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

describe.skipIf(!(await hasRedis("what replicas share through Redis")))("Redis between replicas", () => {
  let redis: TestRedis;
  beforeAll(async () => (redis = await TestRedis.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  test("messages reach the others of the same installation, and one alone when they are for one", async () => {
    await using a = member(redis, "aaaa/0");
    await using b = member(redis, "bbbb/0");
    await using c = member(redis, "cccc/0");
    await using stranger = member(redis, "dddd/0", "telovix:other");
    await until(() => [a, b, c].every(({ bus }) => bus.others.length === 2));
    a.bus.publish("test", { text: "für alle \u{1F512}" });
    a.bus.publish("test", "for one", "bbbb/0");
    a.bus.publish("test", "last");
    await until(() => b.heard.length === 3 && c.heard.length === 2);
    expect(b.heard).toEqual([{ text: "für alle \u{1F512}" }, "for one", "last"]);
    expect(c.heard).toEqual([{ text: "für alle \u{1F512}" }, "last"]);
    expect([a.heard, stranger.heard, stranger.bus.others]).toEqual([[], [], []]);
  });

  test("a limit is one over all: what is taken here is gone there", async () => {
    await using a = member(redis, "aaaa/0");
    await using b = member(redis, "bbbb/0");
    await until(() => a.link.problem === undefined && b.link.problem === undefined);
    const left: (number | undefined)[] = [];
    for (let i = 0; i < 4; i++)
      for (const { link } of [a, b]) left.push(await link.charge("login 192.0.2.1", 6, "ask", 1));
    expect(left.map((n) => Math.floor(n!))).toEqual([5, 4, 3, 2, 1, 0, -1, -1]);
    // A debt is owed, and never more than a minute's worth.
    await a.link.charge("debt", 6, "tell", 1_000);
    expect(await b.link.charge("debt", 6, "ask", 1)).toBeLessThan(-6);
    expect(await b.link.charge("other", 6, "ask", 1)).toBe(5);
  });

  test("killed: nobody waits for it, drops are counted; back: it is used again without a restart", async () => {
    await using a = member(redis, "aaaa/0");
    await using b = member(redis, "bbbb/0");
    await until(() => a.bus.others.length === 1 && b.bus.others.length === 1);
    await redis.kill();
    await until(() => a.link.problem !== undefined && b.link.problem !== undefined);
    expect([a.bus.others, b.bus.others]).toEqual([[], []]);
    const startMs = performance.now();
    for (let i = 0; i < 1_000; i++) {
      a.link.send({ from: "aaaa/0", topic: "test", body: i });
      expect(await a.link.charge("k", 10, "ask", 1)).toBeUndefined();
    }
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(a.metrics.value("telovix_console_bus_dropped_total", { link: "redis" })).toBe(1_000);
    await redis.up();
    await until(() => a.bus.others.length === 1 && b.bus.others.length === 1);
    a.bus.publish("test", "again");
    await until(() => b.heard.includes("again"));
    expect(b.heard).toEqual(["again"]);
    expect(await a.link.charge("k", 10, "ask", 1)).toBe(9);
    expect(a.metrics.value("telovix_console_redis_connections_total")).toBe(2);
  });

  test("frozen: a request waits a moment once, then everything is local until it answers", async () => {
    await using a = member(redis, "aaaa/0");
    await until(() => a.link.problem === undefined);
    await redis.kill("SIGSTOP");
    const startMs = performance.now();
    for (let i = 0; i < 100; i++) expect(await a.link.charge("f", 10, "ask", 1)).toBeUndefined();
    expect(performance.now() - startMs).toBeLessThan(1_000);
    await until(() => a.link.problem !== undefined);
    await redis.kill("SIGCONT");
    await until(() => a.link.problem === undefined);
    expect(await a.link.charge("g", 10, "ask", 1)).toBe(9);
  });
});
