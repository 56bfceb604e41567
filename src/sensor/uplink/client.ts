import { AppError, errorMessage } from "../../core/error.ts";
import { refusal, unreachable } from "../enroll/errors.ts";
import { compress, encodeBody } from "./codec.ts";
import type { TlsSource } from "./tls.ts";

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Requests to the Console's sensor plane, over mutual TLS. */
export class SensorClient {
  readonly #url: URL;
  readonly #source: TlsSource;

  constructor(url: URL, source: TlsSource) {
    this.#url = url;
    this.#source = source;
  }

  /** The same Console by other credentials. */
  by(source: TlsSource): SensorClient {
    return new SensorClient(this.#url, source);
  }

  /** Resolves with the answer's JSON. Throws AppError. */
  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#send(path, undefined, signal);
  }

  /** Posts a value; resolves with the answer's JSON, null when it has none. Throws AppError. */
  post(path: string, value: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#send(path, encodeBody(value), signal);
  }

  /** Posts bytes that are MessagePack already. */
  postPacked(path: string, packed: Uint8Array, signal: AbortSignal): Promise<unknown> {
    return this.#send(path, compress(packed), signal);
  }

  async #send(path: string, body: Uint8Array<ArrayBuffer> | undefined, signal: AbortSignal): Promise<unknown> {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(new URL(`/api/v1${path}`, this.#url), {
        ...(body === undefined
          ? { headers: { accept: "application/json" } }
          : {
              method: "POST",
              headers: {
                "content-type": "application/msgpack",
                "content-encoding": "zstd",
                accept: "application/json",
              },
              body,
            }),
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        tls: { ...this.#source.tls },
      });
      if (!answer.ok) throw await refusal(answer);
      text = await answer.text();
    } catch (error) {
      throw error instanceof AppError ? error : unreachable(this.#url, error);
    }
    if (text.length > MAX_ANSWER_BYTES)
      throw new AppError("unavailable", `the Console's answer has ${text.length} characters`);
    if (text === "") return null;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new AppError("unavailable", `the Console's answer is not JSON: ${errorMessage(error)}`, { cause: error });
    }
  }
}
