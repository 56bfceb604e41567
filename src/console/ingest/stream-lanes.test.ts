import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { compressFrame, FRAME_DICTIONARY } from "../../core/wire/dictionary.ts";
import {
  ALERT,
  EPOCH,
  eventsOf,
  frame,
  HELLO,
  helloOf,
  instance,
  settled,
  setUp,
} from "../../../test/harness/stream-set-up.ts";

const JSON_HELLO = {
  type: "hello",
  protocol_version: 3,
  sensor_version: "1",
  epoch: EPOCH,
  next_seq: 1,
  lanes: [
    { lane: "alert", epoch: ALERT, next_seq: 1, acked_seq: 0 },
    { lane: "bulk", epoch: EPOCH, next_seq: 1, acked_seq: 0 },
  ],
  dictionaries: [FRAME_DICTIONARY.id],
};

describe("streams with lanes", () => {
  test("acknowledge each lane for itself, and alerts keep their credit when there is no room for more", async () => {
    const { store, connect, stop } = setUp();
    store.room = 0;
    const { session, socket, sent } = connect();
    session.message(socket, helloOf(instance("1")));
    await settled();
    expect(sent[0]).toMatchObject({
      type: "welcome",
      ack: { epoch: EPOCH, seq: 7 },
      lanes: [
        { epoch: ALERT, acked_seq: 7, credit: 20 },
        { epoch: EPOCH, acked_seq: 7, credit: 0 },
      ],
      dictionary: FRAME_DICTIONARY.id,
    });
    session.message(socket, frame(eventsOf(ALERT, 9)));
    await settled();
    expect(sent[1]).toMatchObject({ type: "ack", ack: { epoch: ALERT, seq: 9 }, credit: 20 });
    store.room = 1_000;
    store.changed();
    expect(sent.slice(2)).toMatchObject([{ type: "ack", ack: { epoch: EPOCH, seq: 7 }, credit: 400 }]);
    // The lane is what the hello named it.
    expect(store.accepted[0]!.lane).toBe("alert");
    await stop();
  });

  test("see to alerts while other events wait for their turn, and to nothing of a stream they have ended", async () => {
    const { store, connect, stop } = setUp();
    const one = connect();
    one.session.message(one.socket, helloOf(instance("1")));
    await settled();
    store.accepted.length = 0;
    one.session.message(one.socket, frame(eventsOf(EPOCH, 8)));
    one.session.message(one.socket, frame(eventsOf(EPOCH, 9)));
    one.session.message(one.socket, frame(eventsOf(ALERT, 8)));
    expect(store.accepted.map((batch) => batch.epoch)).toEqual([ALERT]);
    await settled();
    expect(store.accepted.map((batch) => [batch.epoch, batch.last_seq])).toEqual([
      [ALERT, 8],
      [EPOCH, 8],
      [EPOCH, 9],
    ]);
    one.session.message(one.socket, frame(eventsOf(EPOCH, 10)));
    one.session.end(1008, "revoked");
    await settled();
    expect(store.accepted).toHaveLength(3);
    await stop();
  });

  test("say of each batch what the hello told of its sequence, and not what the batch does", async () => {
    const { store, connect, stop } = setUp();
    const { session, socket } = connect();
    const lanes = [
      { lane: "alert", epoch: ALERT, next_seq: 30, acked_seq: 20 },
      { lane: "bulk", epoch: EPOCH, next_seq: 90, acked_seq: 80, base_seq: 50 },
    ];
    session.message(socket, frame({ ...JSON_HELLO, lanes }));
    await settled();
    for (const epoch of [ALERT, EPOCH]) session.message(socket, frame(eventsOf(epoch, 1)));
    await settled();
    expect(store.accepted).toMatchObject([{ handed: { acked: 20, base: 0 } }, { handed: { acked: 80, base: 50 } }]);
    const old = connect();
    old.session.message(old.socket, HELLO);
    await settled();
    old.session.message(old.socket, frame(eventsOf(EPOCH, 1)));
    await settled();
    expect(store.accepted[2]).toMatchObject({ handed: { acked: 0, base: 0 } });
    await stop();
  });

  test("answer an epoch nobody named with what the Console has, and take nothing of it", async () => {
    const { store, connect, stop } = setUp();
    const { session, socket, sent, closed } = connect();
    session.message(socket, helloOf(instance("1")));
    await settled();
    session.message(socket, frame(eventsOf("00000000000000cc", 3)));
    await settled();
    expect(sent[1]).toEqual({ type: "ack", ack: { epoch: "00000000000000cc", seq: 7 }, credit: 0, rejected: [] });
    expect(store.accepted).toEqual([]);
    expect(closed.code).toBeUndefined();
    await stop();
  });

  test("bound what one sensor has under way over all its lanes", async () => {
    const { store, connect, stop } = setUp();
    const { session, socket, sent, closed } = connect();
    session.message(socket, helloOf(instance("1")));
    await settled();
    const { promise, resolve } = Promise.withResolvers<void>();
    store.answer = promise;
    for (const epoch of [EPOCH, ALERT]) session.message(socket, frame(eventsOf(epoch, 9_000)));
    await settled();
    expect(closed.code).toBeUndefined();
    session.message(socket, frame(eventsOf(EPOCH, 9_000)));
    await settled();
    expect(sent.at(-1)).toMatchObject({ type: "error", code: "rate_limited" });
    expect(closed.code).toBe(1013);
    resolve();
    await stop();
  });

  test("read frames made with the dictionary once it is agreed on, and not before", async () => {
    const { store, connect, stop } = setUp();
    const packed = (message: object): Buffer =>
      Buffer.from(compressFrame(new Packr({ useRecords: false }).pack(message), FRAME_DICTIONARY));
    const [early, late] = [connect(), connect()];
    for (const [{ session, socket }, hello] of [
      [early, HELLO],
      [late, helloOf(instance("1"))],
    ] as const) {
      session.message(socket, hello);
      await settled();
      session.message(socket, packed(eventsOf(EPOCH, 2)));
      await settled();
    }
    expect(early.closed.code).toBe(1008);
    expect(early.sent.at(-1)).toMatchObject({ type: "error", code: "invalid_request" });
    expect(store.accepted).toHaveLength(1);
    await stop();
  });

  test("a node that uses the identity beside another is told once, and then both are served", async () => {
    const { clock, changes, clones, seen, connect, stop } = setUp();
    const first = connect();
    first.session.message(first.socket, helloOf(instance("1")));
    await settled();
    /** Answers every ping so far. */
    const answer = (): void => {
      for (const message of first.sent)
        if (typeof message === "string")
          first.session.message(first.socket, frame({ type: "pong", id: (JSON.parse(message) as { id: number }).id }));
    };
    const second = connect();
    second.session.message(second.socket, helloOf(instance("2", "b")));
    answer();
    await settled();
    expect(second.sent).toMatchObject([{ type: "error", code: "clone_suspected" }]);
    expect(clones[0]).toContain("Two machines");
    const again = connect();
    again.session.message(again.socket, helloOf(instance("2", "b")));
    answer();
    await settled();
    expect(again.sent[0]).toMatchObject({ type: "welcome" });
    expect(first.closed.code).toBeUndefined();
    // What the second does not know of may be the first one's: nothing counts as lost.
    expect(seen).toEqual([[ALERT, EPOCH]]);
    expect(first.session.isOpen && again.session.isOpen).toBe(true);
    again.session.close();
    expect(changes).toEqual(["connected"]);
    first.session.close();
    expect(changes).toEqual(["connected", "disconnected"]);
    await clock.advance(0);
    await stop();
  });

  test("a sensor that restarted is no clone: the connection it left behind does not answer", async () => {
    const { clock, clones, connect, stop } = setUp();
    const first = connect();
    first.session.message(first.socket, helloOf(instance("1")));
    await settled();
    const second = connect();
    second.session.message(second.socket, helloOf(instance("2")));
    await settled();
    expect(second.sent).toEqual([]);
    await clock.advance(2_500);
    await settled();
    expect(second.sent[0]).toMatchObject({ type: "welcome" });
    expect(first.closed.code).toBe(1000);
    expect(clones).toEqual([]);
    await stop();
  });

  test("answer whatever comes, once or by ending the stream, and throw at nothing", async () => {
    const packr = new Packr({ useRecords: false });
    const hello = { ...JSON_HELLO, instance: instance("1") };
    const good = [
      Buffer.from(Bun.zstdCompressSync(packr.pack(hello))),
      Buffer.from(compressFrame(packr.pack(eventsOf(EPOCH, 3)), FRAME_DICTIONARY)),
      frame(eventsOf(ALERT, 3)),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
            fc.string({ maxLength: 100 }),
            fc
              .tuple(fc.nat(good.length - 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
              .map(([which, edits]) => {
                const bytes = Buffer.from(good[which]!);
                for (const [at, value] of edits) bytes[at % bytes.length] = value;
                return bytes;
              }),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        async (frames) => {
          const { connect, stop } = setUp();
          const { session, socket, sent, closed } = connect();
          for (const bytes of frames) {
            if (closed.code !== undefined) break;
            const before = sent.length;
            session.message(socket, bytes);
            await settled();
            expect(sent.length - before).toBeLessThanOrEqual(2);
          }
          expect(sent.length > 0 || closed.code !== undefined).toBe(true);
          await stop();
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
