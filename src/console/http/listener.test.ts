import { afterAll, afterEach, describe, expect, test } from "bun:test";
import tls from "node:tls";
import net from "node:net";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { createSensorRequest, readSensorRequest } from "../../core/pki/csr.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate } from "../../core/pki/issue.ts";
import { LISTENER_LIMITS, type ListenerLimits } from "./listener-options.ts";
import { Listener } from "./listener.ts";
import type { RequestHandler } from "./context.ts";

const SENSOR_ID = "0193c1de-0000-7000-8000-000000000001";
const authority = await createAuthority("Telovix test", Date.now());
const server = await issueServerCertificate(authority, { dns: ["localhost"], ips: ["127.0.0.1"] }, Date.now());
const caPem = authority.certificate.toString("pem");
const sensorTls = await (async () => {
  const { keyPem, csrPem } = await createSensorRequest("node-1");
  const { publicKey } = await readSensorRequest(csrPem, "node-1");
  const issued = await issueSensorCertificate(
    authority,
    { sensorId: SENSOR_ID, nodeName: "node-1", publicKey },
    Date.now(),
  );
  return { key: keyPem, cert: issued.pem, serial: issued.serial };
})();

const open: Listener[] = [];
const metrics = new Metrics();

function listen(fetch: RequestHandler, limits: Partial<ListenerLimits> = {}): Listener {
  const listener = new Listener({
    host: "127.0.0.1",
    port: 0,
    tls: { certPem: server.pem, keyPem: server.keyPem, clientCaPem: caPem },
    fetch,
    limits: { drainTimeoutMs: 500, ...limits },
    log: silentLog,
    metrics,
  });
  open.push(listener);
  return listener;
}

afterEach(async () => {
  for (const listener of open.splice(0)) await listener[Symbol.asyncDispose]();
});
afterAll(() => expect(open).toEqual([]));

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A raw TLS client that gathers what it is sent. */
function dial(
  listener: Listener,
  options: tls.ConnectionOptions = {},
): tls.TLSSocket & { got: () => string; ended: () => boolean } {
  const socket = tls.connect({ host: "127.0.0.1", port: listener.port, ca: caPem, ...options });
  const chunks: Buffer[] = [];
  let ended = false;
  socket.on("data", (data: Buffer) => chunks.push(data));
  socket.on("close", () => (ended = true));
  socket.on("error", () => (ended = true));
  return Object.assign(socket, { got: () => Buffer.concat(chunks).toString("latin1"), ended: () => ended });
}

const get = (listener: Listener, path: string, init: BunFetchRequestInit = {}): Promise<Response> =>
  fetch(`https://127.0.0.1:${listener.port}${path}`, { ...init, tls: { ca: caPem, ...init.tls } as never });

describe("the listener", () => {
  test("tells a request with a certificate from one without, on one port", async () => {
    const listener = listen((_r, { peer }) =>
      Response.json({ bytes: peer.certificate?.length ?? 0, from: peer.remoteAddr }),
    );
    expect(await (await get(listener, "/")).json()).toEqual({ bytes: 0, from: "127.0.0.1" });
    const known = await get(listener, "/", { tls: { key: sensorTls.key, cert: sensorTls.cert } as never });
    const answer = (await known.json()) as { bytes: number };
    expect(answer.bytes).toBeGreaterThan(300);
  });

  test("carries bodies larger than any buffer both ways without changing them", async () => {
    const listener = listen(async (r) => new Response(await r.arrayBuffer()));
    const body = crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(100);
    const answer = await get(listener, "/", { method: "POST", body });
    expect(Bun.hash(await answer.text())).toBe(Bun.hash(body));
  });

  test("holds back a server that sends faster than its client reads", async () => {
    const size = 64 * 1024 * 1024;
    let made = 0;
    const listener = listen(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              if (made >= size) return controller.close();
              made += 65_536;
              controller.enqueue(new Uint8Array(65_536));
            },
          }),
        ),
    );
    const client = dial(listener);
    client.pause();
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let last = -1;
    await until(() => made > 0, "the server began");
    for (let still = 0; still < 200;) {
      await new Promise((resolve) => setImmediate(resolve));
      still = made === last ? still + 1 : 0;
      last = made;
    }
    expect(made).toBeLessThan(size / 2);
    client.resume();
    await until(() => made >= size, "the rest was sent");
    client.destroy();
  });

  test("serves WebSockets and tells them when it goes away", async () => {
    const listener = listen((_r, { upgrade }) => upgrade({ message: (ws, message) => void ws.send(message) }));
    const socket = new WebSocket(`wss://127.0.0.1:${listener.port}/`, { tls: { ca: caPem } } as never);
    const messages: unknown[] = [];
    let code = 0;
    socket.onopen = () => socket.send("x".repeat(200_000));
    socket.onmessage = (e) => messages.push((e.data as string).length);
    socket.onclose = (e) => (code = e.code);
    await until(() => messages.length > 0, "the echo came");
    expect(messages).toEqual([200_000]);
    await open.pop()![Symbol.asyncDispose]();
    await until(() => code > 0, "the socket closed");
    expect(code).toBe(1001);
  });

  test("cuts every connection of a sensor at once, by serial or by id, and no other", async () => {
    const listener = listen((_r, { upgrade }) => upgrade({ message: () => {} }));
    const connect = (certificate: object): WebSocket =>
      new WebSocket(`wss://127.0.0.1:${listener.port}/`, { tls: { ca: caPem, ...certificate } } as never);
    const [a, b, browser] = [connect(sensorTls), connect(sensorTls), connect({})];
    await until(() => [a, b, browser].every((s) => s.readyState === WebSocket.OPEN), "all are open");
    expect(listener.closePeer(sensorTls.serial)).toBe(2);
    await until(() => [a, b].every((s) => s.readyState === WebSocket.CLOSED), "the sensor's are closed");
    expect(browser.readyState).toBe(WebSocket.OPEN);
    const again = connect(sensorTls);
    await until(() => again.readyState === WebSocket.OPEN, "it is open again");
    expect(listener.closePeer(SENSOR_ID)).toBe(1);
    browser.close();
  });

  test("answers a client that has already closed its half", async () => {
    const gate = Promise.withResolvers<void>();
    const listener = listen(async () => {
      await gate.promise;
      return new Response("late");
    });
    const client = dial(listener, { allowHalfOpen: true } as tls.ConnectionOptions);
    client.end("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => client.writableFinished, "the request is out");
    gate.resolve();
    await until(() => client.ended(), "the connection ended");
    expect(client.got()).toEndWith("late");
  });

  test("refuses whoever reaches the inner port past the front", async () => {
    const listener = listen(() => new Response("secret"));
    await get(listener, "/");
    const inner = listener.innerPort;
    const before = metrics.value("telovix_console_inner_strangers_total");
    const answer = await fetch(`http://127.0.0.1:${inner}/`);
    expect([answer.status, await answer.text()]).toEqual([403, ""]);
    expect(metrics.value("telovix_console_inner_strangers_total")).toBe(before + 1);
  });

  test("cuts handshakes, request heads and idle connections that take too long", async () => {
    const listener = listen(() => new Response("ok"), {
      handshakeTimeoutMs: 50,
      headerTimeoutMs: 50,
      idleTimeoutMs: 600,
    });
    const mute = net.connect(listener.port, "127.0.0.1");
    let muteClosed = false;
    mute.on("close", () => (muteClosed = true)).on("error", () => {});
    const slow = dial(listener);
    slow.write("GET / HTTP/1.1\r\nHo");
    await until(() => muteClosed && slow.ended(), "both are cut");
    expect(slow.got()).toBe("");
    const idle = dial(listener);
    idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => idle.ended(), "the idle one is cut");
    expect(idle.got()).toEndWith("ok");
  });

  test("lets in who comes all at once, a few at a time, and past one who never speaks", async () => {
    const listener = listen(() => new Response("in"), { maxHandshakes: 2, handshakeTimeoutMs: 300 });
    const silent = net.connect(listener.port, "127.0.0.1");
    await until(() => listener.size === 1, "the silent one is there");
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const options = { tls: { ca: caPem }, headers: { connection: "close" } };
        return (await fetch(`https://127.0.0.1:${listener.port}/`, options)).text();
      }),
    );
    expect(answers).toEqual(answers.map(() => "in"));
    silent.destroy();
  });

  test("sends away at once who would wait too long for its turn", async () => {
    const listener = listen(() => new Response("in"), { maxHandshakes: 1, maxWaitMs: 1 });
    const silent = net.connect(listener.port, "127.0.0.1");
    await until(() => listener.size === 1, "the silent one is there");
    const late = dial(listener);
    await until(() => late.ended(), "the late one is sent away");
    expect(listener.size).toBe(1);
    silent.destroy();
    await until(() => listener.size === 0, "the silent one is gone");
    expect(await (await get(listener, "/")).text()).toBe("in");
  });

  test("bounds connections per address, but not those of known sensors", async () => {
    const listener = listen(() => new Response("ok"), { maxPerAddress: 2 });
    const sensors = [dial(listener, sensorTls), dial(listener, sensorTls)];
    await until(() => sensors.every((s) => s.authorized) && listener.size === 2, "both sensors are in");
    for (const s of sensors) s.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => sensors.every((s) => s.got().endsWith("ok")), "both are answered");
    const browsers = [dial(listener), dial(listener)];
    for (const s of browsers) s.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => browsers.every((s) => s.got().endsWith("ok")), "two browsers are answered");
    const third = dial(listener);
    await until(() => third.ended(), "the third is refused");
    expect(third.got()).toBe("");
    for (const s of [...sensors, ...browsers]) s.destroy();
    await until(() => listener.size === 0, "all are gone");
  });

  test("lets requests under way finish when it stops", async () => {
    const gate = Promise.withResolvers<void>();
    let began = false;
    const listener = listen(
      async () => {
        began = true;
        await gate.promise;
        return new Response("done");
      },
      { drainTimeoutMs: LISTENER_LIMITS.drainTimeoutMs },
    );
    const answer = get(listener, "/");
    await until(() => began, "the request began");
    open.pop();
    const stopped = listener[Symbol.asyncDispose]();
    gate.resolve();
    expect(await (await answer).text()).toBe("done");
    await stopped;
    expect(listener.size).toBe(0);
  });

  test("refuses TLS 1.1 and HTTP/2", async () => {
    const listener = listen(() => new Response("ok"));
    const h2 = dial(listener, { ALPNProtocols: ["h2"] });
    await until(() => h2.ended(), "h2 is refused");
    const old = Bun.spawn(
      ["openssl", "s_client", "-connect", `127.0.0.1:${listener.port}`, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
      {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    expect(await new Response(old.stderr).text()).toContain("protocol version");
  });

  test("says in a sentence that the port is taken and what to do", () => {
    const first = listen(() => new Response());
    const second = (): Listener =>
      new Listener({
        host: "127.0.0.1",
        port: first.port,
        tls: { certPem: server.pem, keyPem: server.keyPem, clientCaPem: caPem },
        fetch: () => new Response(),
        log: silentLog,
        metrics: new Metrics(),
      });
    expect(second).toThrow(/already listens on 127\.0\.0\.1:\d+/);
  });
});
