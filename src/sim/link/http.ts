import { Link, type ClientIdentity, type LinkUser, type Target } from "./tls.ts";

/** Head and body of an answer this client reads at most. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: Uint8Array;
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Body sent in pieces (`Transfer-Encoding: chunked`), joined; undefined while it is not whole. */
function dechunk(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    if (!(size > 0) || bytes.length < end + 4 + size) return undefined;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}

function readAnswer(bytes: Buffer, ended: boolean): HttpAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const body = bytes.subarray(end + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const whole = /\r\ntransfer-encoding: *chunked/i.test(head)
    ? dechunk(body)
    : length === undefined
      ? ended
        ? body
        : undefined
      : body.length >= Number(length)
        ? body.subarray(0, Number(length))
        : undefined;
  return whole && { status: Number(head.slice(9, 12)), headers: head, body: Uint8Array.from(whole) };
}

class Exchange implements LinkUser {
  readonly #request: Uint8Array;
  readonly #done: (answer: HttpAnswer | string) => void;
  readonly #begun: () => void;
  #got: Buffer = Buffer.alloc(0);
  link: Link | undefined;

  constructor(request: Uint8Array, begun: () => void, done: (answer: HttpAnswer | string) => void) {
    this.#request = request;
    this.#begun = begun;
    this.#done = done;
  }

  begun(): void {
    this.#begun();
  }

  secured(): void {
    this.link?.write(this.#request);
  }

  received(data: Uint8Array): void {
    this.#got = this.#got.length === 0 ? Buffer.from(data) : Buffer.concat([this.#got, data]);
    const answer = readAnswer(this.#got, false);
    if (!answer && this.#got.length <= MAX_ANSWER_BYTES) return;
    this.link?.cut();
    this.#done(answer ?? "the answer is too large");
  }

  closed(why: string): void {
    this.#done(readAnswer(this.#got, true) ?? why);
  }
}

/** One request on a connection of its own, as a sensor's heartbeat is; answers why there is no answer as a text. */
export function exchange(
  target: Target,
  identity: ClientIdentity | undefined,
  request: HttpRequest,
  timeoutMs = 30_000,
): Promise<HttpAnswer | string> {
  const { method, path, headers = {}, body } = request;
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${target.hostname}:${target.port}`, "Connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const begun = (): void => {
      timer = setTimeout(() => {
        user.link?.cut();
        resolve(`no answer within ${timeoutMs / 1000} s`);
      }, timeoutMs);
    };
    const user = new Exchange(body ? Buffer.concat([head, body]) : head, begun, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    user.link = Link.open(target, identity, user);
  });
}
