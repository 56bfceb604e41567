import { Packr, Unpackr } from "msgpackr";
import { createInterface } from "node:readline";
import type { StreamDown } from "../src/core/wire/stream.ts";
import { makeBenchEvents } from "./bench-events.ts";

/** What the driver says, a line of JSON each: who the sensors are, what to prepare, and when to go. */
export type ClientOrder =
  | {
      readonly order: "sensors";
      readonly url: string;
      readonly tls: readonly { ca: string; cert: string; key: string }[];
    }
  | { readonly order: "prepare"; readonly epoch: string; readonly events: number; readonly nowUs: number }
  | { readonly order: "go" };

export const FRAME_EVENTS = 2_000;

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const frame = (message: unknown): Uint8Array<ArrayBuffer> => Uint8Array.from(Bun.zstdCompressSync(packr.pack(message)));

/** A sensor's end: sends prepared frames as far as its credit goes. */
class Sender {
  readonly #socket: WebSocket;
  readonly #epoch: string;
  readonly #frames: readonly { last: number; bytes: Uint8Array<ArrayBuffer> }[];
  readonly welcomed = Promise.withResolvers<void>();
  readonly done = Promise.withResolvers<void>();
  #next = 0;
  #acked = 0;
  #credit = 0;

  constructor(url: string, tls: object, seed: number, epoch: string, events: number, nowUs: number) {
    this.#epoch = epoch;
    this.#frames = Array.from({ length: Math.ceil(events / FRAME_EVENTS) }, (_, i) => {
      const first = i * FRAME_EVENTS + 1;
      const count = Math.min(FRAME_EVENTS, events - first + 1);
      const batch = { epoch, first_seq: first, last_seq: first + count - 1 };
      const made = makeBenchEvents(seed, first, count, nowUs + first);
      return { last: batch.last_seq, bytes: frame({ type: "events", batch: { ...batch, events: made } }) };
    });
    // Bun's WebSocket takes options where the DOM's takes protocols.
    this.#socket = new WebSocket(`${url}/api/v1/sensors/stream`, { tls } as never);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () =>
      this.#socket.send(frame({ type: "hello", protocol_version: 1, sensor_version: "bench", epoch, next_seq: 1 }));
    this.#socket.onclose = (event) => {
      const error = new Error(`the Console closed a stream with ${event.code} ${event.reason}`);
      this.welcomed.reject(error);
      this.done.reject(error);
    };
    this.#socket.onmessage = ({ data }) => {
      if (typeof data === "string") return this.#socket.send(frame({ type: "pong", id: 0 }));
      this.#take(unpackr.unpack(Bun.zstdDecompressSync(new Uint8Array(data as ArrayBuffer))) as StreamDown);
    };
    this.done.promise.catch(() => {});
  }

  go(): void {
    this.#credit ||= FRAME_EVENTS;
    this.#send();
  }

  close(): void {
    this.#socket.onclose = null;
    this.#socket.close();
  }

  #take(message: StreamDown): void {
    if (message.type === "welcome") {
      this.#credit = message.credit;
      return this.welcomed.resolve();
    }
    if (message.type !== "ack" || message.ack.epoch !== this.#epoch) return;
    this.#acked = message.ack.seq;
    this.#credit = message.credit;
    if (this.#acked >= this.#frames.at(-1)!.last) return this.done.resolve();
    this.#send();
  }

  #send(): void {
    // A frame that is larger than the credit goes alone: sensors would cut it, these are cut already.
    const fits = (last: number): boolean => last - this.#acked <= Math.max(this.#credit, FRAME_EVENTS);
    for (let f = this.#frames[this.#next]; f && this.#credit > 0 && fits(f.last); f = this.#frames[this.#next]) {
      this.#socket.send(f.bytes);
      this.#next++;
    }
  }
}

const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function main(): Promise<void> {
  let who: Extract<ClientOrder, { order: "sensors" }> | undefined;
  let senders: Sender[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as ClientOrder;
    if (order.order === "sensors") who = order;
    else if (order.order === "prepare") {
      const { epoch, events, nowUs } = order;
      const each = Math.floor(events / who!.tls.length);
      senders = who!.tls.map((tls, i) => new Sender(who!.url, tls, i + 1, epoch, each, nowUs));
      await Promise.all(senders.map((sender) => sender.welcomed.promise));
      say({ ready: true });
    } else {
      const before = process.cpuUsage();
      const startMs = performance.now();
      for (const sender of senders) sender.go();
      await Promise.all(senders.map((sender) => sender.done.promise));
      const ms = performance.now() - startMs;
      const { user, system } = process.cpuUsage(before);
      for (const sender of senders) sender.close();
      say({ ms, cpuMs: (user + system) / 1000 });
    }
  }
}

if (import.meta.main) await main();
