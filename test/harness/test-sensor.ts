import { Packr, Unpackr } from "msgpackr";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { EnrollResponse } from "../../src/core/wire/enroll.ts";
import type { StreamDown, StreamUp } from "../../src/core/wire/stream.ts";
import { EPOCH } from "./sensor-messages.ts";
import { until } from "./until.ts";

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
/** A message as sensors send it: MessagePack, zstd. */
export function frame(message: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Bun.zstdCompressSync(packr.pack(message)));
}

/** Where a Console is, and what it is trusted by. */
export interface ConsoleAddress {
  readonly origin: string;
  readonly caPem: string;
}

/** Asks a Console to enrol a node; `more` overrides the request. */
export function postEnroll(
  { origin, caPem }: ConsoleAddress,
  token: string,
  nodeName: string,
  csrPem: string,
  more: object = {},
): Promise<Response> {
  return fetch(`${origin}/api/v1/sensors/enroll`, {
    method: "POST",
    tls: { ca: caPem },
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      protocol_version: 1,
      token,
      csr_pem: csrPem,
      node_name: nodeName,
      declared_role: "generic_linux",
      flavor: "standard",
      sensor_version: "0.0.0-test",
      tags: ["cluster:oslo", "rack:7"],
      ...more,
    }),
  });
}

/** Enrols a node over the wire, as a sensor does. */
export async function enrollNode(console: ConsoleAddress, token: string, nodeName: string): Promise<TestSensor> {
  const { keyPem, csrPem } = await createSensorRequest(nodeName);
  const response = await postEnroll(console, token, nodeName, csrPem);
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as EnrollResponse;
  return new TestSensor(console, answer.sensor_id, keyPem, answer.control_plane_certificate_pem, answer);
}

/** The sensor's end of the wire, by hand. */
export class TestSensor {
  readonly #console: ConsoleAddress;
  readonly sensorId: string;
  readonly tls: { ca: string; key: string; cert: string };
  readonly enrolled: EnrollResponse;

  constructor(console: ConsoleAddress, sensorId: string, key: string, cert: string, enrolled: EnrollResponse) {
    this.#console = console;
    this.sensorId = sensorId;
    this.tls = { ca: console.caPem, key, cert };
    this.enrolled = enrolled;
  }

  /** The same sensor towards another life of the Console. */
  at(console: ConsoleAddress): TestSensor {
    return new TestSensor(console, this.sensorId, this.tls.key, this.tls.cert, this.enrolled);
  }

  post(path: string, body: BodyInit, headers: Record<string, string>): Promise<Response> {
    return fetch(this.#console.origin + path, { method: "POST", tls: this.tls, headers, body });
  }

  /** Sends a message as sensors do: MessagePack, zstd. */
  send(path: string, message: unknown): Promise<Response> {
    return this.post(path, frame(message), { "content-type": "application/msgpack", "content-encoding": "zstd" });
  }

  async stream(): Promise<TestStream> {
    const stream = new TestStream(this.#console.origin.replace("https", "wss"), this.tls);
    await stream.opened;
    return stream;
  }
}

/** A sensor's WebSocket; every frame that comes is kept. */
export class TestStream {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly frames: StreamDown[] = [];
  /** Frames that came as text. */
  readonly texts: string[] = [];
  closed: number | undefined;

  constructor(origin: string, tls: object) {
    this.socket = new WebSocket(`${origin}/api/v1/sensors/stream`, { tls } as never);
    this.socket.binaryType = "arraybuffer";
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve();
      this.socket.onclose = (event) => {
        this.closed = event.code;
        reject(new Error(`closed with ${event.code} ${event.reason}`));
      };
    });
    this.opened.catch(() => {});
    this.socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.texts.push(data);
      else this.frames.push(unpackr.unpack(Bun.zstdDecompressSync(new Uint8Array(data as ArrayBuffer))) as StreamDown);
    };
  }

  send(message: StreamUp | object): void {
    this.socket.send(frame(message));
  }

  async hello(epoch = EPOCH, nextSeq = 1): Promise<Extract<StreamDown, { type: "welcome" }>> {
    this.send({ type: "hello", protocol_version: 1, sensor_version: "0.0.0-test", epoch, next_seq: nextSeq });
    return (await this.next("welcome")) as Extract<StreamDown, { type: "welcome" }>;
  }

  /** The next frame of a type that has not been taken yet. */
  async next(type: StreamDown["type"]): Promise<StreamDown> {
    const index = await until(() => {
      const found = this.frames.findIndex((frame) => frame.type === type);
      if (found < 0 && this.closed !== undefined) throw new Error(`closed with ${this.closed} before ${type}`);
      return found + 1;
    });
    return this.frames.splice(index - 1, 1)[0]!;
  }
}
