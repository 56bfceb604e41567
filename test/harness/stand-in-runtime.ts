import { createServer, type ServerHttp2Stream } from "node:http2";

/** A pod or container as the stand-in runtime tells of it. */
export interface StandInPod {
  readonly id: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isReady?: boolean;
}
export interface StandInContainer {
  readonly id: string;
  readonly podId: string;
  readonly name: string;
  readonly image: string;
  readonly askedImage?: string;
  readonly isRunning?: boolean;
}

function varint(value: number): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest % 128) + 128);
  }
}

/** A field that is a number. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** A field that is a text or a message. */
export function bytesField(field: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function podBytes({ id, namespace, labels, isReady = true }: StandInPod): Buffer {
  const metadata = [bytesField(1, "a-pod"), bytesField(2, "uid"), bytesField(3, namespace), numberField(4, 1)];
  const pairs = Object.entries(labels).map(([key, value]) =>
    bytesField(5, Buffer.concat([bytesField(1, key), bytesField(2, value)])),
  );
  return Buffer.concat([
    bytesField(1, id),
    bytesField(2, Buffer.concat(metadata)),
    ...(isReady ? [] : [numberField(3, 1)]),
    numberField(4, 1_700_000_000_000_000_000),
    ...pairs,
    bytesField(7, "runc"),
  ]);
}

function containerBytes(one: StandInContainer): Buffer {
  const image = [bytesField(1, one.image), ...(one.askedImage === undefined ? [] : [bytesField(18, one.askedImage)])];
  return Buffer.concat([
    bytesField(1, one.id),
    bytesField(2, one.podId),
    bytesField(3, bytesField(1, one.name)),
    bytesField(4, Buffer.concat(image)),
    bytesField(5, `sha256:${"0".repeat(64)}`),
    numberField(6, one.isRunning === false ? 2 : 1),
  ]);
}

/** The list of pods, as a runtime writes it. */
export function podsBytes(pods: readonly StandInPod[]): Buffer {
  return Buffer.concat(pods.map((pod) => bytesField(1, podBytes(pod))));
}

/** The list of containers. */
export function containersBytes(containers: readonly StandInContainer[]): Buffer {
  return Buffer.concat(containers.map((one) => bytesField(1, containerBytes(one))));
}

/** A message in the frame that goes before it. */
export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Answers as a good server does. */
export function answer(stream: ServerHttp2Stream, body: Uint8Array, status = "0", message = ""): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": message }));
  stream.end(body);
}

/** A container runtime for tests: it listens on a socket and says what it is told to. */
export class StandInRuntime implements AsyncDisposable {
  pods: readonly StandInPod[] = [];
  containers: readonly StandInContainer[] = [];
  /** How often it was asked for its pods. */
  asked = 0;
  /** What it was sent, by method. */
  readonly requests = new Map<string, Buffer>();
  /** Answers in another way. */
  instead: ((stream: ServerHttp2Stream, method: string) => void) | undefined;
  readonly #server = createServer();
  readonly #sessions = new Set<{ destroy(): void }>();

  static async start(path: string): Promise<StandInRuntime> {
    const made = new StandInRuntime();
    await new Promise<void>((resolve) => made.#server.listen(path, resolve));
    return made;
  }

  private constructor() {
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => {});
    });
    this.#server.on("stream", (of, headers) => {
      const stream = of as ServerHttp2Stream;
      const method = String(headers[":path"]).replace("/runtime.v1.RuntimeService/", "");
      const chunks: Buffer[] = [];
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        this.requests.set(method, Buffer.concat(chunks));
        if (method === "ListPodSandbox") this.asked++;
        if (this.instead) this.instead(stream, method);
        else if (method === "ListPodSandbox") answer(stream, frame(podsBytes(this.pods)));
        else if (method === "ListContainers") answer(stream, frame(containersBytes(this.containers)));
        else answer(stream, Buffer.alloc(0), "12", "unknown method");
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
