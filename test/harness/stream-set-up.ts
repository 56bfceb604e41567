import { Packr, Unpackr } from "msgpackr";
import { judgeHello, type Start } from "../../src/console/ingest/clones.ts";
import type { Ingest } from "../../src/console/ingest/service.ts";
import { Streams } from "../../src/console/ingest/streams.ts";
import type { ClientSocket } from "../../src/console/http/socket.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Metrics } from "../../src/core/metrics.ts";
import type { LaneName } from "../../src/core/wire/common.ts";
import { FRAME_DICTIONARY } from "../../src/core/wire/dictionary.ts";
import type { EventsBatchEnvelope } from "../../src/core/wire/events.ts";
import type { SensorInstance, StreamDown } from "../../src/core/wire/stream.ts";

const PEER = { sensorId: "s", tenantId: "t", nodeName: "n", serial: "1" };
export const EPOCH = "00000000000000aa";
export const ALERT = "00000000000000bb";
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
export const frame = (message: object): Buffer =>
  Buffer.from(Bun.zstdCompressSync(new Packr({ useRecords: false }).pack(message)));
export const instance = (name: string, machine = "a"): SensorInstance => ({
  machine_hash: machine.repeat(64),
  start_id: name.repeat(16),
});
export const helloOf = (who: SensorInstance): Buffer =>
  frame({
    type: "hello",
    protocol_version: 3,
    sensor_version: "1",
    epoch: EPOCH,
    next_seq: 1,
    lanes: [
      { lane: "alert", epoch: ALERT, next_seq: 1, acked_seq: 0 },
      { lane: "bulk", epoch: EPOCH, next_seq: 1, acked_seq: 0 },
    ],
    instance: who,
    dictionaries: [FRAME_DICTIONARY.id],
  });
export const eventsOf = (epoch: string, count: number): object => ({
  type: "events",
  batch: { epoch, first_seq: 1, last_seq: count, events: Array.from({ length: count }, () => null) },
});
export const HELLO = frame({ type: "hello", protocol_version: 1, sensor_version: "1", epoch: EPOCH, next_seq: 1 });

/** The streams of a Console without stores, with a clock that stands still. */
export function setUp(recheck: () => Promise<unknown> = () => Promise.resolve()) {
  const clock = new ManualClock();
  const changes: string[] = [];
  const store = {
    room: 60_000,
    malformed: 0,
    changed: (): void => {},
    durable: (): void => {},
    accepted: [] as EventsBatchEnvelope[],
    answer: Promise.resolve(),
  };
  const ingest = {
    get isRoomy() {
      return store.room > 0;
    },
    creditFor: (_sensor: string, lane: LaneName) => (lane === "alert" ? 100 : Math.min(5_000, store.room)),
    isFull: () => false,
    cursor: () => Promise.resolve(7),
    accept: async (_peer: unknown, batch: EventsBatchEnvelope) => {
      store.accepted.push(batch);
      await store.answer;
      return { ack: { epoch: batch.epoch, seq: batch.last_seq }, rejected: [] };
    },
    watchStore: (changed: () => void) => {
      store.changed = changed;
      return () => {};
    },
    watchRoom: (changed: () => void) => {
      store.durable = changed;
      return () => {};
    },
    countMalformed: () => void store.malformed++,
  } as unknown as Ingest;
  const hub = { offer: () => {}, sensorChanged: (_t: string, _s: string, change: string) => void changes.push(change) };
  const clones: string[] = [];
  let starts: readonly Start[] = [];
  const instances = {
    judge: (_peer: unknown, who: SensorInstance, alive: readonly SensorInstance[]) => {
      const verdict = judgeHello(starts, who, alive, clock.nowMs());
      starts = verdict.starts;
      if (verdict.clone) clones.push(verdict.clone);
      return Promise.resolve({ clone: verdict.clone !== undefined, tell: verdict.tell });
    },
  };
  const seen: string[][] = [];
  const epochs = {
    compare: () => Promise.resolve(),
    seen: (_peer: unknown, lanes: readonly { epoch: string }[]) => {
      seen.push(lanes.map(({ epoch }) => epoch));
      return Promise.resolve();
    },
  };
  const streams = new Streams({ ingest, hub, clock, metrics: new Metrics(), instances, epochs });
  const connect = (sensorId = PEER.sensorId) => {
    const sent: (string | StreamDown)[] = [];
    const closed: { code?: number | undefined } = {};
    const session = streams.session({ ...PEER, sensorId }, recheck);
    const socket = {
      send: (data: string | Uint8Array) =>
        void sent.push(typeof data === "string" ? data : (unpackr.unpack(Bun.zstdDecompressSync(data)) as StreamDown)),
      close: (code?: number) => {
        closed.code = code;
        session.close();
      },
      terminate: () => {
        closed.code = 1006;
        session.close();
      },
    } as unknown as ClientSocket;
    session.open(socket);
    return { session, socket, sent, closed };
  };
  const controller = new AbortController();
  const done = streams.run(controller.signal);
  return { clock, streams, store, changes, clones, seen, connect, stop: () => (controller.abort(), done) };
}

/** Lets everything that is due happen. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const PONG = frame({ type: "pong", id: 0 });
