import { describe, expect, test } from "bun:test";
import type { Sql } from "postgres";
import { ChannelListener } from "./postgres-listen.ts";

const TIMES = { probeMs: 1, echoMs: 20, retryMs: 1 };

/** Drivers one after the other: each fails, hears nothing, or passes on what is said. */
function drivers(kinds: readonly ("fails" | "deaf" | "hears")[]) {
  const made: string[] = [];
  let say: (payload: string) => void = () => {};
  let closed = 0;
  const connect = (): Sql => {
    const kind = kinds[Math.min(made.length, kinds.length - 1)]!;
    made.push(kind);
    const listen = async (_channel: string, take: (payload: string) => void, up: () => void): Promise<void> => {
      await Promise.resolve();
      if (kind === "fails") throw new Error("connection refused");
      say = kind === "hears" ? take : () => {};
      up();
    };
    return { listen, end: async () => Promise.resolve(void closed++) } as unknown as Sql;
  };
  const pool = { notify: async (_channel: string, payload: string) => Promise.resolve(say(payload)) };
  return { connect, pool: pool as unknown as Sql, made, closed: () => closed };
}

describe("a channel's listener", () => {
  test("goes on after a server that was away, and after a connection that went deaf", async () => {
    const { connect, pool, made, closed } = drivers(["fails", "deaf", "fails", "hears"]);
    const heard: string[] = [];
    let ups = 0;
    const here = Promise.withResolvers<void>();
    const up = (): void => {
      if (++ups === 2) here.resolve();
    };
    const listener = new ChannelListener(connect, pool, "c", (payload) => void heard.push(payload), up, TIMES);
    await here.promise;
    await pool.notify("c", "news");
    // Its own word comes round too and is nobody's business.
    expect(heard).toEqual(["news"]);
    expect(made).toEqual(["fails", "deaf", "fails", "hears"]);
    await listener.stop();
    expect(closed()).toBe(4);
  });
});
