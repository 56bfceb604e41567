import { describe, expect, test } from "bun:test";
import { AppError } from "../../core/error.ts";
import type { StreamDown } from "../../core/wire/stream.ts";
import { StreamLanes } from "./stream-lanes.ts";
import { EPOCH, frame, HELLO, PONG, settled, setUp } from "../../../test/harness/stream-set-up.ts";

const creditOf = (message: string | StreamDown): number[] =>
  typeof message !== "string" && message.type === "ack" ? [message.credit] : [];

describe("streams", () => {
  test("many of them are asked to send less often, up to a bound", async () => {
    const { streams, connect, stop } = setUp();
    const { peer } = connect().session;
    const grow = (to: number): number | undefined => {
      for (let i = 1; i < to; i++) streams.arrived(streams.session(peer, () => Promise.resolve()));
      return streams.tickMs;
    };
    expect([grow(500), grow(501), grow(20_000)]).toEqual([undefined, 1_000, 10_000]);
    await stop();
  });

  test("a sensor that answers no ping any more is let go of; one that answers is kept", async () => {
    const { clock, changes, connect, stop } = setUp();
    const frozen = connect();
    frozen.session.message(frozen.socket, HELLO);
    await settled();
    const lively = connect();
    for (let second = 0; second < 36; second++) {
      await clock.advance(1_000);
      lively.session.message(lively.socket, PONG);
    }
    expect(frozen.closed.code).toBe(1006);
    expect(changes).toContain("disconnected");
    expect(lively.closed.code).not.toBe(1006);
    await stop();
  });

  test("what a cut left behind ends at once when the sensor comes to another process; whoever answers stays", async () => {
    const { clock, streams, connect, stop } = setUp();
    const hello = (start_id: string) =>
      frame({
        type: "hello",
        protocol_version: 3,
        sensor_version: "1",
        epoch: EPOCH,
        next_seq: 1,
        instance: { start_id },
      });
    const [start, restarted] = ["00000000000000aa", "00000000000000bb"];
    const old = connect();
    old.session.message(old.socket, hello(start));
    await settled();
    await clock.advance(1_500);
    await streams.openedElsewhere(old.session.peer.sensorId, start);
    expect(old.closed.code).toBe(1006);
    // News may be late: one that has only just come here is asked, and so is one of another start.
    for (const [news, answers] of [
      [start, true],
      [start, false],
      [restarted, true],
      [restarted, false],
    ] as const) {
      const stream = connect();
      stream.session.message(stream.socket, hello(start));
      await settled();
      const done = streams.openedElsewhere(stream.session.peer.sensorId, news);
      await settled();
      if (answers) stream.session.message(stream.socket, PONG);
      else await clock.advance(2_000);
      await done;
      expect(stream.closed.code).toBe(answers ? undefined : 1006);
      stream.session.close();
    }
    await stop();
  });

  test("after a time without room not all are granted something at once, but no more than may wait", async () => {
    const { clock, store, connect, stop } = setUp();
    const all = Array.from({ length: 600 }, (_, i) => connect(`s${i}`));
    for (const { session, socket } of all) session.message(socket, HELLO);
    await settled();
    for (const room of [0, 60_000]) {
      store.room = room;
      store.changed();
    }
    const granted: number[] = [];
    for (let tick = 0; tick < 4; tick++) {
      granted.push(all.filter(({ sent }) => sent.flatMap(creditOf).at(-1)! > 0).length);
      await clock.advance(500);
    }
    // 96 MB by 600 bytes an event, 5,000 events each.
    expect(granted).toEqual([34, 68, 102, 136]);
    await stop();
  });

  test("room that a commit makes is granted then, not at the next tick", async () => {
    const { store, connect, stop } = setUp();
    const { session, socket, sent } = connect();
    session.message(socket, HELLO);
    await settled();
    store.room = 0;
    store.changed();
    store.room = 1_000;
    store.durable();
    await settled();
    expect(sent.flatMap(creditOf)).toEqual([0, 1_000]);
    await stop();
  });

  test("ping every ten seconds in plain JSON", async () => {
    const { clock, connect, stop } = setUp();
    const { session, socket, sent } = connect();
    session.message(socket, HELLO);
    await settled();
    for (let i = 0; i < 80; i++) await clock.advance(500);
    const pings = sent.filter((m) => typeof m === "string").map((m) => JSON.parse(m) as { type: string; id: number });
    expect(pings.length).toBeGreaterThanOrEqual(3);
    expect(pings[0]).toMatchObject({ type: "ping", id: 0 });
    await stop();
  });

  test("ping nobody who has sent and was answered a moment ago", async () => {
    const { clock, streams, connect, stop } = setUp();
    const { session, socket, sent } = connect();
    session.message(socket, HELLO);
    await settled();
    const pings = (): number => sent.filter((m) => typeof m === "string").length;
    for (let second = 0; second < 60; second++) {
      streams.refresh("s", "heartbeat");
      session.message(socket, PONG);
      await clock.advance(1_000);
    }
    expect(pings()).toBe(0);
    // Who is told much and says nothing is asked.
    for (let second = 0; second < 16; second++) {
      streams.refresh("s", "heartbeat");
      await clock.advance(1_000);
    }
    expect(pings()).toBeGreaterThan(0);
    await stop();
  });

  test("tell a sensor when the store takes nothing and when it takes events again", async () => {
    const { store, streams, connect, stop } = setUp();
    const { session, socket, sent } = connect();
    session.message(socket, HELLO);
    await settled();
    expect(sent[0]).toMatchObject({ type: "welcome", ack: { epoch: EPOCH, seq: 7 }, credit: 5_000 });
    store.room = 0;
    store.changed();
    store.room = 1_000;
    store.changed();
    store.changed();
    expect(sent.slice(1).map((m) => (m as { credit: number }).credit)).toEqual([0, 1_000]);
    expect(streams.refresh("s", "inventory")).toBe(true);
    expect(sent.at(-1)).toEqual({ type: "refresh", what: "inventory" });
    await stop();
  });

  test("end without a hello, with nonsense, and with a version nobody speaks", async () => {
    const { clock, store, connect, stop } = setUp();
    const [mute, odd, old] = [connect(), connect(), connect()];
    odd.session.message(odd.socket, Buffer.from("nonsense"));
    old.session.message(
      old.socket,
      frame({ type: "hello", protocol_version: 99, sensor_version: "1", epoch: EPOCH, next_seq: 1 }),
    );
    for (let i = 0; i < 70; i++) await clock.advance(500);
    expect([mute.closed.code, odd.closed.code, old.closed.code]).toEqual([1008, 1008, 1008]);
    expect(old.sent[0]).toMatchObject({ type: "error", code: "protocol_version" });
    expect(store.malformed).toBe(2);
    await stop();
  });

  test("end when the Console no longer stands by the sensor, but not when it cannot tell", async () => {
    let error = new AppError("unavailable", "no store");
    const { clock, changes, connect, stop } = setUp(() => Promise.reject(error));
    const { session, socket, closed } = connect();
    session.message(socket, HELLO);
    await settled();
    const go = async (): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        await clock.advance(500);
        session.message(socket, PONG);
      }
    };
    await go();
    expect(closed.code).toBeUndefined();
    error = new AppError("sensor_revoked", "revoked");
    await go();
    expect(closed.code).toBe(1008);
    expect(changes).toEqual(["connected", "disconnected"]);
    await stop();
  });
});

test("without room alerts are granted all the same, and nothing is told at once", () => {
  let credit = 0;
  const lanes = new StreamLanes(() => credit);
  for (const name of ["alert", "bulk"] as const)
    lanes.open(name, { epoch: name, seq: 0 }, { acked: 0, base: 0 }, false);
  credit = 1_000;
  expect(lanes.regrants(false).map(({ name }) => name)).toEqual(["alert"]);
  expect(lanes.regrants(true).map(({ name }) => name)).toEqual(["bulk"]);
  credit = 0;
  expect(lanes.regrants(false).map(({ name }) => name)).toEqual(["alert", "bulk"]);
});
