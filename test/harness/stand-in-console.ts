import { Packr, Unpackr } from "msgpackr";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import { RuntimeEvent as RuntimeEventSchema } from "../../src/core/event/event.ts";
import { compile } from "../../src/core/check.ts";
import { decompressFrame, FRAME_DICTIONARY, needsDictionary } from "../../src/core/wire/dictionary.ts";
import { newUuid } from "../../src/core/ids.ts";
import { curlPin } from "../../src/core/pki/keys.ts";
import { readSensorRequest } from "../../src/core/pki/csr.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate } from "../../src/core/pki/issue.ts";
import { x509 } from "../../src/core/pki/x509.ts";
import type { EnrollRequest } from "../../src/core/wire/enroll.ts";
import { EventsBatchEnvelope } from "../../src/core/wire/events.ts";
import { Heartbeat } from "../../src/core/wire/heartbeat.ts";
import { Inventory } from "../../src/core/wire/inventory.ts";
import { StreamUp, type StreamDown, type StreamHello } from "../../src/core/wire/stream.ts";

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
  /** Takes heartbeats and events and never answers. */
  silent?: boolean;
  /** Takes streams all the same. */
  streamsGo?: boolean;
  /** Refuses streams. */
  noStream?: boolean;
  /** Takes batches and acknowledges none. */
  noAck?: boolean;
  /** Acknowledges this many more events than came. */
  ackTooMuch?: number;
  /** Says in the next welcome that it has this many events more than the sensor says it gave out, in the lane. */
  aheadOnce?: { lane: "alert" | "bulk"; by: number } | undefined;
  /** Events that may be under way, by lane; 5,000 unless given. */
  credit?: Partial<Record<"alert" | "bulk" | "backlog", number>>;
  /** Answers the next hello with this error. */
  errorOnce?: string | undefined;
  /** Asks in heartbeats that events are gathered so long. */
  tickMs?: number | undefined;
  /** Asks for it in the welcome. */
  welcomeTickMs?: number;
  /** Welcomes as a Console without lanes does. */
  noLanes?: boolean;
}

const read = (body: Uint8Array): unknown =>
  unpackr.unpack(decompressFrame(body, 32 * 1024 * 1024, FRAME_DICTIONARY)) as unknown;

/** The far end of a sensor in its own tests: real TLS, real frames, and faults on demand. Every message is checked against its schema. */
export class StandInConsole implements AsyncDisposable {
  readonly faults: Faults = {};
  readonly heartbeats: Heartbeat[] = [];
  readonly inventories: Inventory[] = [];
  readonly hellos: StreamHello[] = [];
  /** Events by epoch and number, as stored: a number that comes again must be the same event. */
  readonly events = new Map<string, RuntimeEvent>();
  /** Lanes of batches in the order they came. */
  readonly arrived: { lane: string; epoch: string; events: number }[] = [];
  /** Frames that were made with the dictionary. */
  withDictionary = 0;
  readonly missing: { from_seq: number; to_seq: number; cause: string }[] = [];
  readonly decommissioned: boolean[] = [];
  repeated = 0;
  /** Requests that wait for an answer for ever. */
  unanswered = 0;
  /** Interval the sensor is told. */
  heartbeatMs = 200;
  /** What it has, by epoch. */
  readonly acked = new Map<string, number>();
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
          if (self.faults.noStream || (self.faults.refuse && !self.faults.streamsGo))
            return new Response("no", { status: 503 });
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
    if (this.faults.silent) {
      this.unanswered++;
      await new Promise(() => {});
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
          ...(beat.batch && !this.faults.noAck ? { ack: this.#ack(beat.batch.epoch) } : {}),
          rejected: [],
          heartbeat_interval_ms: this.heartbeatMs,
          ...(this.faults.tickMs === undefined ? {} : { stream_tick_ms: this.faults.tickMs }),
          trust_health: "healthy",
          want_full: first,
        });
      }
      case "/api/v1/sensors/events": {
        const batch = envelope.parse(body);
        this.#store(batch, "events");
        const ack = this.faults.noAck ? { epoch: batch.epoch, seq: 0 } : this.#ack(batch.epoch);
        return Response.json({ ack, rejected: [] });
      }
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

  #ack(epoch: string): { epoch: string; seq: number } {
    return { epoch, seq: (this.acked.get(epoch) ?? 0) + (this.faults.ackTooMuch ?? 0) };
  }

  #store(batch: EventsBatchEnvelope, way: keyof StandInConsole["batches"]): void {
    this.batches[way]++;
    this.arrived.push({ lane: batch.lane ?? "bulk", epoch: batch.epoch, events: batch.events.length });
    this.missing.push(...(batch.missing ?? []));
    for (const value of batch.events) {
      const event = events.parse(value);
      const key = `${batch.epoch}/${event.seq}`;
      const before = this.events.get(key);
      if (before) {
        this.repeated++;
        if (!Bun.deepEquals(before, event)) throw new Error(`number ${event.seq} came twice with different content`);
      }
      this.events.set(key, event);
    }
    this.acked.set(batch.epoch, Math.max(this.acked.get(batch.epoch) ?? 0, batch.last_seq));
  }

  #send(ws: Bun.ServerWebSocket<undefined>, message: StreamDown): void {
    ws.send(Bun.zstdCompressSync(packr.pack(message)));
  }

  #frame(ws: Bun.ServerWebSocket<undefined>, data: Uint8Array): void {
    if (needsDictionary(data)) this.withDictionary++;
    const up = ups.parse(read(data));
    if (up.type === "hello") this.#hello(ws, up);
    else if (up.type === "events") {
      this.#store(up.batch, "stream");
      if (this.faults.noAck) return;
      const credit = this.#credit(up.batch.lane ?? "bulk");
      this.#send(ws, { type: "ack", ack: this.#ack(up.batch.epoch), credit, rejected: [] });
    }
  }

  #credit(lane: "alert" | "bulk" | "backlog"): number {
    return this.faults.credit?.[lane] ?? 5000;
  }

  #hello(ws: Bun.ServerWebSocket<undefined>, hello: StreamHello): void {
    this.hellos.push(hello);
    const { errorOnce, aheadOnce } = this.faults;
    if (errorOnce !== undefined) {
      this.faults.errorOnce = undefined;
      return this.#send(ws, { type: "error", code: errorOnce, message: "planted" });
    }
    const lanes = (hello.lanes ?? []).map(({ lane, epoch, next_seq }) => {
      const had = this.acked.get(epoch) ?? 0;
      const acked_seq = aheadOnce?.lane === lane ? next_seq - 1 + aheadOnce.by : had;
      return { epoch, acked_seq, credit: this.#credit(lane) };
    });
    this.faults.aheadOnce = undefined;
    this.#send(ws, {
      type: "welcome",
      ack: { epoch: hello.epoch, seq: this.acked.get(hello.epoch) ?? 0 },
      ...(this.faults.welcomeTickMs === undefined ? {} : { stream_tick_ms: this.faults.welcomeTickMs }),
      credit: this.#credit("bulk"),
      server_time_us: Date.now() * 1000,
      ...(this.faults.noLanes ? {} : { lanes, dictionary: FRAME_DICTIONARY.id }),
    });
    ws.send(JSON.stringify({ type: "ping", id: 1, server_time_us: Date.now() * 1000 }));
  }

  /** Grants every lane on every stream what the faults say now. */
  grant(): void {
    for (const ws of this.#sockets)
      for (const { lane, epoch } of this.hellos.at(-1)?.lanes ?? [])
        this.#send(ws, { type: "ack", ack: this.#ack(epoch), credit: this.#credit(lane), rejected: [] });
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
