import { createHash } from "node:crypto";

/** RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const LONGEST_HEAD = 8_192;
const END = "\r\n\r\n";
const METHOD = "GET ";

/** A request to become a WebSocket. */
export interface UpgradeHead {
  readonly path: string;
  /** Bytes of the request; what follows belongs to the WebSocket. */
  readonly size: number;
  /** What says yes. */
  readonly answer: Buffer;
}

function answerTo(key: string): Buffer {
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    "latin1",
  );
}

/** Headers by their lower-case names; undefined when one is folded, twice there or not well-formed. */
function headersOf(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/.exec(line);
    const name = match?.[1]!.toLowerCase();
    if (name === undefined || headers.has(name)) return undefined;
    headers.set(name, match![2]!);
  }
  return headers;
}

/** Headers that mean something else than a plain upgrade by a program: a body, a browser, a choice of protocols. */
const UNUSUAL = ["content-length", "transfer-encoding", "expect", "trailer", "origin", "sec-websocket-protocol"];

/**
 * Looks whether a connection begins with a plain request to become a WebSocket at one of `paths`. "more": it can't be said yet.
 * Undefined for everything else, however near it comes: the HTTP server knows how to answer that.
 */
export function readUpgrade(bytes: Buffer, paths: readonly string[]): UpgradeHead | "more" | undefined {
  const start = bytes.toString("latin1", 0, LONGEST_HEAD);
  const path = paths.find((p) => start.startsWith(`${METHOD}${p} HTTP/1.1\r\n`));
  if (path === undefined) return paths.some((p) => `${METHOD}${p} HTTP/1.1\r\n`.startsWith(start)) ? "more" : undefined;
  const end = start.indexOf(END);
  if (end < 0) return bytes.length < LONGEST_HEAD ? "more" : undefined;
  const headers = headersOf(start.slice(0, end).split("\r\n").slice(1));
  if (!headers || UNUSUAL.some((name) => headers.has(name)) || !headers.has("host")) return undefined;
  const tokens = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  const key = headers.get("sec-websocket-key") ?? "";
  const plain =
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    tokens.includes("upgrade") &&
    headers.get("sec-websocket-version") === "13" &&
    /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key);
  return plain ? { path, size: end + END.length, answer: answerTo(key) } : undefined;
}
