import { stat } from "node:fs/promises";
import { connect as connectSession, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import { clip } from "../normalize/fields.ts";
import { LIST_CONTAINERS, LIST_PODS, readContainers, readPods, type Running } from "./runtime.ts";

/** For both lists together. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const FRAME_HEAD = 5;
const SERVICE = "/runtime.v1.RuntimeService/";

/** A container runtime that gave no answer that can be used, and why. */
export class CriError extends Error {
  override readonly name = "CriError";
}

function messageOf(value: string): string {
  try {
    return clip(decodeURIComponent(value), 200);
  } catch {
    return clip(value, 200);
  }
}

/** The one message of an answer: a byte that says whether it is compressed, four for its length, and itself. */
function unframed(answer: Uint8Array): Uint8Array {
  if (answer.length < FRAME_HEAD) throw new CriError("its answer is cut off");
  if (answer[0] !== 0) throw new CriError("its answer is compressed, which was not asked for");
  const length = new DataView(answer.buffer, answer.byteOffset).getUint32(1);
  if (length !== answer.length - FRAME_HEAD) throw new CriError("its answer is not as long as it says");
  return answer.subarray(FRAME_HEAD);
}

function framed(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(FRAME_HEAD + message.length);
  new DataView(out.buffer).setUint32(1, message.length);
  out.set(message, FRAME_HEAD);
  return out;
}

function failureOf(headers: IncomingHttpHeaders): CriError | undefined {
  const status = headers["grpc-status"];
  if (status === undefined || status === "0") return undefined;
  const message = headers["grpc-message"];
  return new CriError(`it answers with status ${clip(String(status), 20)}: ${messageOf(String(message ?? ""))}`);
}

/** Calls a method and gives back the message it answers with. */
function call(session: ClientHttp2Session, method: string, message: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const request = session.request({
    ":method": "POST",
    ":path": SERVICE + method,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "telovix-sensor",
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isDone = false;
  const fail = (error: Error): void => {
    reject(error);
    request.close();
  };
  const look = (headers: IncomingHttpHeaders): void => {
    const failure = failureOf(headers);
    if (failure) fail(failure);
    else if (headers["grpc-status"] !== undefined) isDone = true;
  };
  request.on("response", (headers) => {
    if (headers[":status"] === 200) look(headers);
    else fail(new CriError(`it answers with HTTP status ${String(headers[":status"])}`));
  });
  request.on("trailers", look);
  request.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) fail(new CriError(`its answer has more than ${MAX_ANSWER_BYTES} bytes`));
    else chunks.push(chunk);
  });
  request.on("error", (error: Error) => fail(new CriError(error.message)));
  request.on("close", () => {
    if (!isDone) return reject(new CriError("its answer is cut off"));
    try {
      resolve(unframed(Buffer.concat(chunks)));
    } catch (error) {
      reject(error as Error);
    }
  });
  request.end(framed(message));
  return promise;
}

/**
 * Asks the runtime behind a socket what runs. Rejects with a CriError, or a ProtobufError when the answer can't be read; after five
 * seconds, when the signal aborts, or when it talks without end, no later than that.
 */
export async function askRuntime(socketPath: string, clock: Clock, signal: AbortSignal): Promise<Running> {
  const socket = connect(socketPath);
  const session = connectSession("http://localhost", { createConnection: () => socket });
  const broken = new Promise<never>((_, reject) => {
    session.on("error", (error: Error) => reject(new CriError(error.message)));
    socket.on("error", (error: Error) => reject(new CriError(error.message)));
    session.on("close", () => reject(new CriError("it hangs up")));
  });
  const over = new AbortController();
  const late = clock.sleep(TIMEOUT_MS, AbortSignal.any([signal, over.signal])).then(() => {
    if (!over.signal.aborted) throw new CriError(`it does not answer within ${TIMEOUT_MS / 1000} s`);
    return new Promise<never>(() => {});
  });
  const asked = Promise.all([
    call(session, "ListPodSandbox", LIST_PODS),
    call(session, "ListContainers", LIST_CONTAINERS),
  ]);
  try {
    const [pods, containers] = await Promise.race([asked, broken, late]);
    return { pods: readPods(pods), containers: readContainers(containers) };
  } finally {
    over.abort();
    for (const one of [asked, broken, late]) one.catch(() => {});
    session.destroy();
    socket.destroy();
  }
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
}

/** Asks the first runtime that answers. Rejects with a CriError that says of each socket what is wrong with it. */
export async function askAny(sockets: readonly string[], clock: Clock, signal: AbortSignal): Promise<Running> {
  const faults: string[] = [];
  for (const path of sockets) {
    if (!(await isSocket(path))) continue;
    try {
      return await askRuntime(path, clock, signal);
    } catch (error) {
      faults.push(`${path}: ${errorMessage(error)}`);
    }
  }
  throw new CriError(faults.length > 0 ? faults.join("; ") : `there is no socket at ${sockets.join(", ")}`);
}
