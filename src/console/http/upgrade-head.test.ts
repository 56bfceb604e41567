import { describe, expect, test } from "bun:test";
import { readUpgrade } from "./upgrade-head.ts";

const PATHS = ["/api/v1/sensors/stream", "/sensors/stream"];
const GOOD = [
  "GET /sensors/stream HTTP/1.1",
  "Host: console:15483",
  "Upgrade: WebSocket",
  "Connection: keep-alive, Upgrade",
  // Key and answer of RFC 6455, section 1.3.
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];
const bytes = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
const without = (name: string): string[] => GOOD.filter((line) => !line.startsWith(name));
const instead = (name: string, line: string): string[] => [...without(name), line];

describe("a request to become a stream", () => {
  test("is told with its answer, and where it ends", () => {
    const found = readUpgrade(Buffer.concat([bytes(GOOD), Buffer.from("rest")]), PATHS);
    if (!found || found === "more") throw new Error("it was not recognised");
    expect(found).toMatchObject({ path: "/sensors/stream", size: bytes(GOOD).length });
    expect(found.answer.toString()).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  });

  test("is waited for, byte by byte, as long as it can become one", () => {
    const whole = bytes(GOOD);
    for (let size = 0; size < whole.length; size++) expect(readUpgrade(whole.subarray(0, size), PATHS)).toBe("more");
    expect(readUpgrade(Buffer.concat([whole.subarray(0, -4), Buffer.alloc(9_000, "x")]), PATHS)).toBeUndefined();
  });

  test.each<[string, readonly string[]]>([
    ["to another address", ["GET /sensors/streams HTTP/1.1", ...GOOD.slice(1)]],
    ["by another method", ["POST /sensors/stream HTTP/1.1", ...GOOD.slice(1)]],
    ["without a host", without("Host")],
    ["without a key", without("Sec-WebSocket-Key")],
    ["with a key that is none", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: abc")],
    ["with two keys", [...GOOD, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]],
    ["of another version", instead("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")],
    ["to something else", instead("Upgrade", "Upgrade: h2c")],
    ["with a body", [...GOOD, "Content-Length: 4"]],
    ["with a body in pieces", [...GOOD, "Transfer-Encoding: chunked"]],
    ["of a browser", [...GOOD, "Origin: https://console:15483"]],
    ["with a folded header", [...GOOD, " more"]],
    ["with a space before the colon", [...GOOD, "X-A : b"]],
    ["with a bare line feed", [...GOOD, "X-A: b\nX-B: c"]],
  ])("%s is left to the HTTP server", (_what, lines) => {
    expect(readUpgrade(bytes(lines), PATHS)).toBeUndefined();
  });
});
