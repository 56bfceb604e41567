import { afterEach, describe, expect, test } from "bun:test";
import tls from "node:tls";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { createSensorRequest, readSensorRequest } from "../../core/pki/csr.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate } from "../../core/pki/issue.ts";
import type { RequestHandler } from "./context.ts";
import { frameOf, OPCODE } from "./frame-reader.ts";
import type { StreamDoor } from "./listener-options.ts";
import { Listener } from "./listener.ts";
import type { ClientSocket, SocketHandler } from "./socket.ts";

const SENSOR_ID = "0193c1de-0000-7000-8000-000000000001";
const authority = await createAuthority("Telovix test", Date.now());
const server = await issueServerCertificate(authority, { dns: ["localhost"], ips: ["127.0.0.1"] }, Date.now());
const ca = authority.certificate.toString("pem");
const sensor = await (async () => {
  const { keyPem, csrPem } = await createSensorRequest("node-1");
  const { publicKey } = await readSensorRequest(csrPem, "node-1");
  const named = { sensorId: SENSOR_ID, nodeName: "node-1", publicKey };
  return { key: keyPem, cert: (await issueSensorCertificate(authority, named, Date.now())).pem, ca };
})();

let listener: Listener | undefined;
afterEach(async () => {
  await listener?.[Symbol.asyncDispose]();
  listener = undefined;
});

interface Served {
  readonly listener: Listener;
  readonly requests: string[];
  readonly closes: number[];
  readonly sockets: ClientSocket[];
}

/** A listener whose streams echo; `open` stands in for the door's answer. */
function serve(open?: StreamDoor["open"], fetch?: RequestHandler): Served {
  const served = { requests: [] as string[], closes: [] as number[], sockets: [] as ClientSocket[] };
  const handler = (): SocketHandler => ({
    open: (socket) => void served.sockets.push(socket),
    message: (socket, message) => void socket.send(message),
    close: (_socket, code) => void served.closes.push(code),
  });
  listener = new Listener({
    host: "127.0.0.1",
    port: 0,
    tls: { certPem: server.pem, keyPem: server.keyPem, clientCaPem: ca },
    fetch: (request, context) => {
      served.requests.push(new URL(request.url).pathname);
      return fetch?.(request, context) ?? new Response("by HTTP", { status: 401 });
    },
    streams: { paths: ["/stream"], open: open ?? (() => Promise.resolve(handler())) },
    limits: { drainTimeoutMs: 500 },
    log: silentLog,
    metrics: new Metrics(),
  });
  return { listener, ...served };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function connect({ port }: Listener, credentials: object = sensor): WebSocket & { got: unknown[]; code: () => number } {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/stream`, { tls: { ...credentials } } as unknown as string[]);
  socket.binaryType = "arraybuffer";
  const got: unknown[] = [];
  let code = 0;
  socket.onmessage = (e) => got.push(e.data);
  socket.onclose = (e) => (code = e.code);
  return Object.assign(socket, { got, code: () => code });
}

/** A client without a library, which can be rude. */
function dial({ port }: Listener, options: tls.ConnectionOptions = {}) {
  const socket = tls.connect({ host: "127.0.0.1", port, ...sensor, ...options });
  const chunks: Buffer[] = [];
  let ended = false;
  socket.on("data", (data: Buffer) => chunks.push(data));
  socket.on("close", () => (ended = true)).on("error", () => (ended = true));
  return { socket, got: () => Buffer.concat(chunks).toString("latin1"), ended: () => ended };
}

const UPGRADE =
  "GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** A frame masked with zeros. */
function masked(text: string): Buffer {
  const plain = frameOf(OPCODE.text, Buffer.from(text));
  plain[1]! |= 0x80;
  return Buffer.concat([plain.subarray(0, 2), Buffer.alloc(4), plain.subarray(2)]);
}

describe("a sensor's stream at the front", () => {
  test("carries text and bytes both ways, and the HTTP server hears nothing of it", async () => {
    const { listener: l, requests } = serve();
    const socket = connect(l);
    await until(() => socket.readyState === WebSocket.OPEN, "it is open");
    const large = crypto.getRandomValues(new Uint8Array(60_000));
    socket.send("grüß dich");
    socket.send(large);
    await until(() => socket.got.length === 2, "both came back");
    expect(socket.got[0]).toBe("grüß dich");
    expect(Buffer.from(socket.got[1] as ArrayBuffer)).toEqual(Buffer.from(large));
    expect(requests).toEqual([]);
    const other = await fetch(`https://127.0.0.1:${l.port}/other`, { tls: sensor } as BunFetchRequestInit);
    expect([await other.text(), requests]).toEqual(["by HTTP", ["/other"]]);
    socket.close();
  });

  test("is asked for by HTTP when the door does not open, and without a certificate", async () => {
    let asked = 0;
    const { listener: l, requests } = serve(() => {
      asked++;
      return Promise.reject(new Error("not this one"));
    });
    const refused = connect(l);
    await until(() => refused.code() > 0, "it is refused");
    expect([requests, asked]).toEqual([["/stream"], 1]);
    const stranger = connect(l, { ca });
    await until(() => stranger.code() > 0, "the stranger is refused");
    expect([requests, asked]).toEqual([["/stream", "/stream"], 1]);
  });

  test("takes what a hasty client sends right behind its request", async () => {
    const { listener: l } = serve();
    const client = dial(l);
    client.socket.write(Buffer.concat([Buffer.from(UPGRADE), masked("one"), masked("two").subarray(0, 4)]));
    await until(() => client.got().includes("one"), "the first came back");
    client.socket.write(masked("two").subarray(4));
    await until(() => client.got().endsWith("two"), "the second came back");
    client.socket.destroy();
  });

  test("answers the request however slowly it comes", async () => {
    const { listener: l } = serve();
    const client = dial(l);
    for (let at = 0; at < UPGRADE.length; at += 40) {
      client.socket.write(UPGRADE.slice(at, at + 40));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => client.got().startsWith("HTTP/1.1 101 "), "it is answered");
    client.socket.destroy();
  });

  test("ends in words: the client's, the Console's, and at the end of all", async () => {
    const { listener: l, closes, sockets } = serve();
    const clients: ReturnType<typeof connect>[] = [];
    while (clients.length < 3) {
      clients.push(connect(l));
      await until(() => sockets.length === clients.length, "it is open");
    }
    const [a, b, c] = clients as [ReturnType<typeof connect>, ReturnType<typeof connect>, ReturnType<typeof connect>];
    a.close(4321, "enough");
    sockets[1]!.close(1008, "a reason");
    await until(() => a.code() > 0 && b.code() > 0 && closes.length === 2, "both are closed");
    expect(closes.toSorted((x, y) => x - y)).toEqual([1008, 4321]);
    expect([a.code(), b.code(), c.code()]).toEqual([4321, 1008, 0]);
    await l[Symbol.asyncDispose]();
    await until(() => c.code() > 0, "the last is closed");
    expect(c.code()).toBe(1001);
    expect(l.size).toBe(0);
  });

  test("is over for its handler when the client vanishes, half or whole, and when the sensor is cut off", async () => {
    const { listener: l, closes, sockets } = serve();
    const clients = [dial(l, { allowHalfOpen: true } as tls.ConnectionOptions), dial(l), dial(l)];
    for (const { socket } of clients) socket.write(UPGRADE);
    await until(() => sockets.length === 3, "all are open");
    clients[0]!.socket.end();
    clients[1]!.socket.destroy();
    await until(() => closes.length === 2, "two are gone");
    expect(l.closePeer(SENSOR_ID)).toBeGreaterThan(0);
    await until(() => closes.length === 3 && l.size === 0, "all are gone");
    expect(closes).toEqual([1006, 1006, 1006]);
    expect(sockets.map((socket) => socket.send("late"))).toEqual([0, 0, 0]);
  });

  test("does not begin when the sensor was cut off while it was asked after", async () => {
    const answer = Promise.withResolvers<SocketHandler>();
    let opened = false;
    const { listener: l } = serve(() => answer.promise);
    const client = dial(l);
    client.socket.write(UPGRADE);
    await until(() => l.size === 1 && client.socket.authorized, "it is there");
    await until(() => l.closePeer(SENSOR_ID) === 1, "it is cut off");
    answer.resolve({ open: () => void (opened = true), message: () => {} });
    await until(() => client.ended(), "it ended");
    expect([opened, client.got()]).toEqual([false, ""]);
  });

  test("ends with a client that breaks the protocol, and with one that takes nothing", async () => {
    const { listener: l, closes, sockets } = serve();
    const rude = dial(l);
    rude.socket.write(Buffer.concat([Buffer.from(UPGRADE), frameOf(OPCODE.text, Buffer.from("no mask"))]));
    await until(() => closes.length === 1, "the rude one is gone");
    expect(closes).toEqual([1002]);
    const deaf = dial(l);
    deaf.socket.write(UPGRADE);
    await until(() => sockets.length === 2 && deaf.got() !== "", "the deaf one is there");
    deaf.socket.pause();
    const piece = new Uint8Array(512 * 1024);
    const taken = Array.from({ length: 64 }, () => sockets[1]!.send(piece));
    expect(taken).toContain(-1);
    expect(taken.at(-1)).toBe(0);
    expect(closes).toEqual([1002, 1006]);
    rude.socket.destroy();
  });

  test("proves itself anew each time: no session of before is taken up", async () => {
    const { listener: l } = serve();
    const sessions: Buffer[] = [];
    const first = dial(l);
    first.socket.on("session", (session: Buffer) => sessions.push(session));
    first.socket.write(UPGRADE);
    await until(() => first.got() !== "", "it is answered");
    expect(sessions).toEqual([]);
    first.socket.destroy();
  });
});
