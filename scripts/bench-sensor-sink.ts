import { Packr, Unpackr } from "msgpackr";
import { decompressFrame, FRAME_DICTIONARY } from "../src/core/wire/dictionary.ts";
import type { StreamUp } from "../src/core/wire/stream.ts";

/** The far end of the sensor's bench, in a process of its own: acknowledges every batch at once. Its certificate comes by stdin. */
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const CREDIT = 10_000;
const { cert, key } = (await Bun.stdin.json()) as { cert: string; key: string };
const server = Bun.serve<undefined>({
  hostname: "127.0.0.1",
  port: 0,
  tls: { cert, key },
  fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response("no", { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    message(ws, data) {
      const up = unpackr.unpack(decompressFrame(new Uint8Array(data as Buffer), 1 << 25, FRAME_DICTIONARY)) as StreamUp;
      const say = (message: object): void => void ws.send(Bun.zstdCompressSync(packr.pack(message)));
      if (up.type === "hello") {
        const lanes = up.lanes!.map(({ epoch }) => ({ epoch, acked_seq: 0, credit: CREDIT }));
        const ack = { epoch: up.epoch, seq: 0 };
        say({ type: "welcome", ack, credit: CREDIT, server_time_us: 0, lanes, dictionary: FRAME_DICTIONARY.id });
      } else if (up.type === "events") {
        const { epoch, last_seq: seq } = up.batch;
        say({ type: "ack", ack: { epoch, seq }, credit: CREDIT, rejected: [] });
      }
    },
  },
});
process.stdout.write(`${server.port}\n`);
