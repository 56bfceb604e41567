import { zstdDecompressSync } from "node:zlib";
import { Packr, Unpackr } from "msgpackr";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import { RuntimeEvent as RuntimeEventSchema } from "../../src/core/event/event.ts";
import { compile } from "../../src/core/check.ts";
import { newUuid } from "../../src/core/ids.ts";
import { curlPin } from "../../src/core/pki/keys.ts";
import { readSensorRequest } from "../../src/core/pki/csr.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate } from "../../src/core/pki/issue.ts";
import { x509 } from "../../src/core/pki/x509.ts";
import type { EnrollRequest } from "../../src/core/wire/enroll.ts";
import { EventsBatchEnvelope } from "../../src/core/wire/events.ts";
import { Heartbeat } from "../../src/core/wire/heartbeat.ts";
import { Inventory } from "../../src/core/wire/inventory.ts";
import { StreamUp, type StreamDown } from "../../src/core/wire/stream.ts";

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, int64AsType: "number" });
const events = compile(RuntimeEventSchema);
const envelope = compile(EventsBatchEnvelope);
const heartbeats = compile(Heartbeat);
const inventories = compile(Inventory);
const ups = compile(StreamUp);

/** What a test wants of the Console next. */
export interface Faults {
  /** Answers every request with this. */
  refuse?: { status: number; code: string; retryAfterSecs?: number } | undefined;
  /** Refuses streams. */
  noStream?: boolean;
  /** Takes batches and acknowledges none. */
  noAck?: boolean;
  /** Acknowledges this many more events than came. */
  ackTooMuch?: number;
}

const read = (body: Uint8Array): unknown => unpackr.unpack(zstdDecompressSync(body)) as unknown;

/** The far end of a sensor in its own tests: real TLS, real frames, and faults on demand. Every message is checked against its schema. */
export class StandInConsole implements AsyncDisposable {
  readonly faults: Faults = {};
  readonly heartbeats: Heartbeat[] = [];
  readonly inventories: Inventory[] = [];
  /** Events by number, as stored: a number that comes again must be the same event. */
  readonly events = new Map<number, RuntimeEvent>();
  readonly missing: { from_seq: number; to_seq: number; cause: string }[] = [];
  readonly decommissioned: boolean[] = [];
  repeated = 0;
  /** Interval the sensor is told. */
  heartbeatMs = 200;
  acked = 0;
  epoch = "0".repeat(16);
  batches = { stream: 0, heartbeat: 0, events: 0 };
  readonly pin: string;
  readonly caPem: string;
  readonly tokens = new Set<string>();
  readonly url: string;
  readonly #sockets = new Set<Bun.ServerWebSocket<undefined>>();
  readonly #server: Bun.Server<undefined>;

  private constructor(server: Bun.Server<undefined>, pin: string, caPem: string) {
    this.#server = server;
    this.url = `https://127.0.0.1:${server.port}`;
    this.pin = pin;
    this.caPem = caPem;
  }

  static async start(
    options: { dns?: readonly string[]; port?: number; from?: StandInConsole } = {},
  ): Promise<StandInConsole> {
    const now = Date.now();
    const authority = await createAuthority("Stand-in", now);
    const caPem = authority.certificate.toString("pem");
    const leaf = await issueServerCertificate(authority, { dns: options.dns ?? ["telovix-console"], ips: [] }, now);
    const pin = curlPin(new x509.X509Certificate(leaf.pem).publicKey.rawData);
    let self: StandInConsole;
    const server = Bun.serve<undefined>({
      hostname: "127.0.0.1",
      port: options.port ?? 0,
      tls: { cert: leaf.pem, key: leaf.keyPem, ca: caPem, requestCert: true, rejectUnauthorized: false },
      fetch: async (request, bun) => {
        const { pathname } = new URL(request.url);
        if (pathname.endsWith("/stream")) {
          if (self.faults.noStream || self.faults.refuse) return new Response("no", { status: 503 });
          return bun.upgrade(request) ? undefined : new Response("no", { status: 400 });
        }
        return self.#answer(pathname, request, async (body) => {
          const { publicKey } = await readSensorRequest(body.csr_pem, body.node_name);
          const sensorId = newUuid();
          const issued = await issueSensorCertificate(
            authority,
            { sensorId, nodeName: body.node_name, publicKey },
            Date.now(),
          );
          return Response.json({
            protocol_version: 1,
            sensor_id: sensorId,
            control_plane_certificate_pem: issued.pem,
            control_plane_ca_certificate_pem: caPem,
            policy_signing_public_key_pem: "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n",
            certificate_expires_at: issued.notAfter.toISOString(),
            heartbeat_interval_ms: 15_000,
            stream_tick_ms: 500,
          });
        });
      },
      websocket: {
        open: (ws) => void self.#sockets.add(ws),
        close: (ws) => void self.#sockets.delete(ws),
        message: (ws, data) => self.#frame(ws, new Uint8Array(data as Buffer)),
      },
    });
    self = new StandInConsole(server, pin, caPem);
    return self;
  }

  async #answer(path: string, request: Request, enrol: (body: EnrollRequest) => Promise<Response>): Promise<Response> {
    const { refuse } = this.faults;
    if (refuse)
      return Response.json(
        { error: { code: refuse.code, message: `said ${refuse.code}` } },
        {
          status: refuse.status,
          headers: refuse.retryAfterSecs === undefined ? {} : { "retry-after": String(refuse.retryAfterSecs) },
        },
      );
    if (path === "/api/v1/trust/bootstrap")
      return Response.json({ protocol_version: 1, control_plane_ca_certificate_pem: this.caPem });
    if (path === "/api/v1/sensors/enroll") {
      const body = (await request.json()) as EnrollRequest;
      if (!this.tokens.delete(body.token))
        return Response.json({ error: { code: "invalid_enrollment_token", message: "no" } }, { status: 401 });
      return enrol(body);
    }
    const body = read(new Uint8Array(await request.arrayBuffer()));
    switch (path) {
      case "/api/v1/sensors/heartbeat": {
        const beat = heartbeats.parse(body);
        this.heartbeats.push(beat);
        if (beat.batch) this.#store(beat.batch, "heartbeat");
        const first = this.heartbeats.length === 1;
        return Response.json({
          server_time_us: Date.now() * 1000,
          ...(beat.batch && !this.faults.noAck ? { ack: this.#ack() } : {}),
          rejected: [],
          heartbeat_interval_ms: this.heartbeatMs,
          trust_health: "healthy",
          want_full: first,
        });
      }
      case "/api/v1/sensors/events":
        this.#store(envelope.parse(body), "events");
        return Response.json({ ack: this.faults.noAck ? { epoch: this.epoch, seq: 0 } : this.#ack(), rejected: [] });
      case "/api/v1/sensors/inventory":
        this.inventories.push(inventories.parse(body));
        return Response.json({ stored: [], unchanged: [] });
      case "/api/v1/sensors/self/decommission":
        this.decommissioned.push(true);
        return Response.json({});
      default:
        return new Response("no", { status: 404 });
    }
  }

  #ack(): { epoch: string; seq: number } {
    return { epoch: this.epoch, seq: this.acked + (this.faults.ackTooMuch ?? 0) };
  }

  #store(batch: EventsBatchEnvelope, way: keyof StandInConsole["batches"]): void {
    this.batches[way]++;
    this.epoch = batch.epoch;
    this.missing.push(...(batch.missing ?? []));
    for (const value of batch.events) {
      const event = events.parse(value);
      const before = this.events.get(event.seq);
      if (before) {
        this.repeated++;
        if (!Bun.deepEquals(before, event)) throw new Error(`number ${event.seq} came twice with different content`);
      }
      this.events.set(event.seq, event);
    }
    this.acked = Math.max(this.acked, batch.last_seq);
  }

  #send(ws: Bun.ServerWebSocket<undefined>, message: StreamDown): void {
    ws.send(Bun.zstdCompressSync(packr.pack(message)));
  }

  #frame(ws: Bun.ServerWebSocket<undefined>, data: Uint8Array): void {
    const up = ups.parse(read(data));
    if (up.type === "hello") {
      this.#send(ws, {
        type: "welcome",
        ack: { epoch: up.epoch, seq: up.epoch === this.epoch ? this.acked : 0 },
        credit: 5000,
        server_time_us: Date.now() * 1000,
      });
      ws.send(JSON.stringify({ type: "ping", id: 1, server_time_us: Date.now() * 1000 }));
    } else if (up.type === "events") {
      this.#store(up.batch, "stream");
      if (!this.faults.noAck) this.#send(ws, { type: "ack", ack: this.#ack(), credit: 5000, rejected: [] });
    }
  }

  get streams(): number {
    return this.#sockets.size;
  }

  /** Asks for something over every stream. */
  refresh(what: "heartbeat" | "inventory"): void {
    for (const ws of this.#sockets) this.#send(ws, { type: "refresh", what });
  }

  cutStreams(): void {
    for (const ws of this.#sockets) ws.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
