import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import { Listener } from "../../src/console/http/listener.ts";
import type { LiveDown } from "../../src/core/api/events.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { createAuthority, issueServerCertificate } from "../../src/core/pki/issue.ts";
import { generateEvents } from "../harness/events.ts";
import { operatorPlane, type OperatorPlane, type Tenant } from "../harness/operator-plane.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

let stores: TestStores;
let plane: OperatorPlane;
let tenant: Tenant;
let listener: Listener;
let ca: string;
const stop = new AbortController();
let hubEnded: Promise<void>;

beforeAll(async () => {
  stores = await testStores();
  plane = operatorPlane(stores, systemClock);
  tenant = await plane.addTenant("live");
  const authority = await createAuthority("Telovix test", Date.now());
  const server = await issueServerCertificate(authority, { dns: ["localhost"], ips: ["127.0.0.1"] }, Date.now());
  ca = authority.certificate.toString("pem");
  listener = new Listener({
    host: "127.0.0.1",
    port: 0,
    tls: { certPem: server.pem, keyPem: server.keyPem, clientCaPem: ca },
    fetch: (request, context) => plane.app.fetch(request, context),
    log: silentLog,
    metrics: plane.metrics,
  });
  hubEnded = plane.hub.run(stop.signal);
});
afterAll(async () => {
  stop.abort();
  await hubEnded;
  await listener?.[Symbol.asyncDispose]();
  await stores?.dispose();
});

interface View {
  readonly socket: WebSocket;
  readonly frames: LiveDown[];
  /** The first frame that fits, also one that has come already. */
  readonly frame: (fits: (frame: LiveDown) => boolean) => Promise<LiveDown>;
  readonly closed: Promise<number>;
}

function view(headers: Record<string, string>): View {
  const options = { headers, tls: { ca } } as never;
  const socket = new WebSocket(`wss://127.0.0.1:${listener.port}/api/v1/live`, options);
  const frames: LiveDown[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => waiting.splice(0).forEach((go) => go());
  socket.onmessage = ({ data }) => {
    frames.push(JSON.parse(data as string) as LiveDown);
    wake();
  };
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => {
      resolve(code);
      wake();
    };
    socket.onerror = () => {};
  });
  return {
    socket,
    frames,
    closed,
    async frame(fits) {
      for (;;) {
        const found = frames.find(fits);
        if (found) return found;
        if (socket.readyState === WebSocket.CLOSED) throw new Error("the socket closed before the frame came");
        await new Promise<void>((go) => waiting.push(go));
      }
    },
  };
}

const origin = (): string => `https://127.0.0.1:${listener.port}`;
const events = (count: number) => [
  ...generateEvents({
    seed: 2,
    tenantId: tenant.tenantId,
    hosts: [{ sensorId: "018f0000-0000-7000-8000-000000000001", nodeName: "node-1" }],
    count,
    fromUs: 1e15,
    toUs: 1e15 + 1e9,
  }),
];

describe("GET /api/v1/live", () => {
  test("subscribes, gets what fits, and errors name what is wrong while the view goes on", async () => {
    const { socket, frame, closed } = view({ cookie: tenant.browsers.analyst.cookie, origin: origin() });
    await frame((f) => f.type === "ready");
    for (const bad of ["{", '{"type":"nope"}', '{"type":"subscribe","filter":{"kind":["nope"]}}']) socket.send(bad);
    await frame((f) => f.type === "error" && f.message.includes("/kind"));
    socket.send(JSON.stringify({ type: "subscribe", filter: { kind: ["process_exec"], since: "1h" }, rate: 500 }));
    // Answers come in order, so this error says that the filter before it stands.
    socket.send(JSON.stringify({ type: "subscribe", filter: { container_id: "X" } }));
    await frame((f) => f.type === "error" && f.message.includes("/container_id"));
    const offered = events(100);
    plane.hub.offer(tenant.tenantId, () => offered);
    plane.hub.sensorChanged(tenant.tenantId, offered[0]!.sensorId, "connected");
    const got = await frame((f) => f.type === "events");
    const execs = offered.filter((e) => e.event.kind === "process_exec").length;
    expect(got.type === "events" && [got.events.length, got.sampled_out]).toEqual([execs, 0]);
    await frame((f) => f.type === "sensor" && f.change === "connected");
    socket.close();
    await closed;
    // Either end hears of it in its own time.
    await until(() => plane.metrics.render().includes("telovix_console_live_watchers 0"));
  });

  test.each([
    ["without a session", () => ({ origin: origin() })],
    ["from another origin", () => ({ cookie: tenant.browsers.analyst.cookie, origin: "https://evil.test" })],
    ["without an origin", () => ({ cookie: tenant.browsers.analyst.cookie })],
  ])("is refused %s", async (_name, headers) => {
    const { closed, frames } = view(headers());
    expect(await closed).not.toBe(1000);
    expect(frames).toEqual([]);
  });

  test("tells a viewer of sensors, but of no events", async () => {
    const { socket, frame, frames, closed } = view({ cookie: tenant.browsers.viewer.cookie, origin: origin() });
    await frame((f) => f.type === "ready");
    socket.send(JSON.stringify({ type: "subscribe", filter: {} }));
    await frame((f) => f.type === "error" && f.code === "forbidden");
    const offered = events(10);
    plane.hub.offer(tenant.tenantId, () => offered);
    plane.hub.sensorChanged(tenant.tenantId, offered[0]!.sensorId, "enrolled");
    await frame((f) => f.type === "sensor" && f.change === "enrolled");
    expect(frames.filter((f) => f.type === "events")).toEqual([]);
    socket.close();
    await closed;
  });

  test("a browser that floods frames is cut off", async () => {
    const { socket, frame, closed } = view({ cookie: tenant.browsers.analyst.cookie, origin: origin() });
    await frame((f) => f.type === "ready");
    for (let i = 0; i < 100; i++) socket.send('{"type":"pause"}');
    expect(await closed).toBe(1008);
  });
});
