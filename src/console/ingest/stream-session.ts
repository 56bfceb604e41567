import { AppError, errorMessage } from "../../core/error.ts";
import type { Ack, LaneName } from "../../core/wire/common.ts";
import { FRAME_DICTIONARY, type FrameDictionary } from "../../core/wire/dictionary.ts";
import type { EventsBatchEnvelope } from "../../core/wire/events.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { InventoryResponse } from "../../core/wire/inventory.ts";
import type { SensorInstance, StreamDown, StreamHello } from "../../core/wire/stream.ts";
import type { SensorPeer } from "../http/env.ts";
import type { PackedEvents } from "../rows/packed-events.ts";
import type { ClientSocket, SocketHandler } from "../http/socket.ts";
import { checkProtocol } from "../trust/service.ts";
import { checkRanges } from "./check-batch.ts";
import { readFrame, writeFrame, type ReadFrame } from "./frames.ts";
import type { Ingest } from "./service.ts";
import { StreamLanes } from "./stream-lanes.ts";

/** WebSocket close codes: try again later, and violation of the protocol. */
const TRY_LATER = 1013;
const VIOLATION = 1008;
/** Memory that a frame's events take as objects, for each byte of the frame, about. */
const OBJECTS_FACTOR = 10;
const CLONE =
  "Another node uses this identity too: go on under new epochs, or the numbers of both would be taken for each other's.";

export interface SessionHost {
  readonly ingest: Pick<Ingest, "accept" | "cursor" | "countMalformed">;
  nowMs(): number;
  /** Events this sensor may have under way in a lane. */
  credit(sensorId: string, lane: LaneName): number;
  /** Does what may wait when it is its turn and there is room in its lane; `bytes` is what it holds until then. */
  later(lane: "bulk" | "backlog", run: () => void, bytes: number): void;
  /** Takes a heartbeat; undefined where they are posted only. */
  readonly heartbeat: ((peer: SensorPeer, body: unknown) => Promise<HeartbeatResponse>) | undefined;
  /** Takes an inventory, the same way. */
  readonly inventory: ((peer: SensorPeer, body: unknown) => Promise<InventoryResponse>) | undefined;
  arrived(session: StreamSession): void;
  /** Looks at who says hello; true when somebody else uses this identity and this one has to go on under new epochs first. */
  isClone(session: StreamSession): Promise<boolean>;
  /** Before a hello is answered: takes account of what this Console had of its sequences and has no more. Rejects when it can't. */
  compare(session: StreamSession, hello: StreamHello): Promise<void>;
  opened(session: StreamSession, hello: StreamHello): void;
  closed(session: StreamSession): void;
}

/** What a sensor sends beside events, one of each at a time, by the name of the answer. */
const ASKED = { heard: "A heartbeat", noted: "An inventory" } as const;
/** Inventories at once, and how long it takes until there may be one more: whoever sends them without end costs no more than his share. */
const INVENTORIES_AT_ONCE = 5;
const INVENTORY_EVERY_MS = 5_000;

/** One sensor's stream: hello → welcome, then batches → acknowledgements, each lane for itself. */
export class StreamSession implements SocketHandler {
  readonly peer: SensorPeer;
  /** Rejects once the Console no longer stands by the sensor. */
  readonly recheck: () => Promise<unknown>;
  readonly openedMs: number;
  pingDueMs = 0;
  /** When anything was last heard of the sensor. */
  heardMs: number;
  /** When anything but a ping was last said to it. */
  #saidMs = -Infinity;
  ready = false;
  /** Who speaks; undefined before the hello and of sensors that do not say. */
  instance: SensorInstance | undefined;
  readonly #host: SessionHost;
  readonly #lanes: StreamLanes;
  readonly #pongs = new Map<number, () => void>();
  #socket: ClientSocket | undefined;
  #greeted = false;
  #over = false;
  readonly #underWay = new Set<keyof typeof ASKED>();
  /** When all of the inventories at once may come again. */
  #inventoriesMs = 0;
  #dictionary: FrameDictionary | undefined;
  #pings = 0;

  constructor(peer: SensorPeer, recheck: () => Promise<unknown>, host: SessionHost) {
    this.peer = peer;
    this.recheck = recheck;
    this.#host = host;
    this.#lanes = new StreamLanes((lane) => host.credit(peer.sensorId, lane));
    this.openedMs = host.nowMs();
    this.heardMs = this.openedMs;
  }

  open(socket: ClientSocket): void {
    this.#socket = socket;
    this.#host.arrived(this);
  }

  message(_socket: ClientSocket, frame: string | Buffer): void {
    this.heardMs = this.#host.nowMs();
    let read: ReadFrame;
    try {
      read = readFrame(frame, this.#dictionary);
      const { up } = read;
      if (up.type === "hello") {
        checkProtocol(up.protocol_version);
        if (this.#greeted) throw new AppError("invalid_request", "There was a hello already.");
        this.#greeted = true;
      }
    } catch (error) {
      return this.#violation(error);
    }
    const { up, packed } = read;
    switch (up.type) {
      case "hello":
        return void this.#hello(up);
      case "events":
        return this.#arrived(up.batch, packed, frame.length);
      case "pong":
        return this.#pongs.get(up.id)?.();
      case "heartbeat":
        return void this.#answer("heard", up.id, this.#host.heartbeat, up.heartbeat);
      case "inventory":
        return void this.#answer("noted", up.id, this.#host.inventory && this.#inventory, up.inventory);
    }
  }

  close(): void {
    this.#socket = undefined;
    this.ready = false;
    for (const done of this.#pongs.values()) done();
    this.#host.closed(this);
  }

  /** The connection is there, as far as this side knows. */
  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Ends the stream from this side. */
  end(code: number, reason: string): void {
    this.#over = true;
    this.#socket?.close(code, reason);
  }

  /** Ends the stream without a word: the other side does not listen. */
  drop(): void {
    this.#over = true;
    this.#socket?.terminate();
  }

  /** Something was heard of the sensor, and said to it, since then. */
  isBusy(sinceMs: number): boolean {
    return this.heardMs >= sinceMs && this.#saidMs >= sinceMs;
  }

  ping(): number {
    const id = this.#pings++;
    const message: StreamDown = { type: "ping", id, server_time_us: this.#host.nowMs() * 1000 };
    this.#socket?.send(JSON.stringify(message));
    return id;
  }

  /** Asks whether somebody is there: true once the answer comes, false when `late` resolves first or the stream ends. */
  async answers(late: Promise<void>): Promise<boolean> {
    if (!this.#socket) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const id = this.ping();
    this.#pongs.set(id, resolve);
    let inTime = true;
    await Promise.race([promise, late.then(() => void (inTime = false))]);
    this.#pongs.delete(id);
    return inTime && this.#socket !== undefined;
  }

  refresh(what: "heartbeat" | "inventory" | "certificate"): void {
    this.#send({ type: "refresh", what });
  }

  /** Tells the sensor a lane's credit when it changed between nothing and something. */
  regrant(): void {
    if (!this.ready) return;
    for (const { ack, credit } of this.#lanes.regrants()) this.#send({ type: "ack", ack, credit, rejected: [] });
  }

  async #hello(hello: StreamHello): Promise<void> {
    const { ingest } = this.#host;
    try {
      this.instance = hello.instance;
      if (await this.#host.isClone(this)) return this.#refuse("clone_suspected", CLONE);
      await this.#host.compare(this, hello);
      const named = hello.lanes ?? [{ lane: "bulk" as const, epoch: hello.epoch, next_seq: hello.next_seq }];
      const seqs = await Promise.all(named.map(({ epoch, next_seq }) => ingest.cursor(this.peer, epoch, next_seq)));
      const lanes = named.map(({ lane, epoch }, i) => {
        const { ack, credit } = this.#lanes.open(lane, { epoch, seq: seqs[i]! }, named.length === 1);
        return { epoch, acked_seq: ack.seq, credit };
      });
      const bulk = lanes.find((lane) => lane.epoch === hello.epoch) ?? lanes[0]!;
      const dictionary = hello.dictionaries?.includes(FRAME_DICTIONARY.id) ? FRAME_DICTIONARY : undefined;
      this.#send({
        type: "welcome",
        ack: { epoch: bulk.epoch, seq: bulk.acked_seq },
        credit: bulk.credit,
        server_time_us: this.#host.nowMs() * 1000,
        ...(hello.lanes ? { lanes } : {}),
        ...(dictionary ? { dictionary: dictionary.id } : {}),
        ...(this.#host.heartbeat ? { heartbeats: true } : {}),
        ...(this.#host.inventory ? { inventories: true } : {}),
      });
      this.#dictionary = dictionary;
      if (!this.#socket || this.ready) return;
      this.ready = true;
      this.#host.opened(this, hello);
    } catch (error) {
      this.#later(error);
    }
  }

  /** Events: alerts are seen to at once, the others when it is their turn. */
  #arrived(body: EventsBatchEnvelope, packed: PackedEvents | undefined, frameBytes: number): void {
    if (!this.ready) return this.#violation(new AppError("invalid_request", "The first frame must be hello."));
    let taken: Disposable;
    try {
      taken = this.#lanes.take(packed?.length ?? body.events.length);
    } catch (error) {
      return this.#later(error);
    }
    const work = (): void => {
      // Ended from this side meanwhile: the sensor has all of it still.
      if (this.#over) taken[Symbol.dispose]();
      else void this.#events(body, packed ?? body.events, taken);
    };
    const lane = this.#lanes.find(body.epoch)?.name ?? "bulk";
    if (lane === "alert") work();
    else this.#host.later(lane, work, packed?.bytes.length ?? frameBytes * OBJECTS_FACTOR);
  }

  async #events(body: EventsBatchEnvelope, events: unknown[] | PackedEvents, taken: Disposable): Promise<void> {
    try {
      const batch = checkRanges(body, "/batch");
      const lane = this.#lanes.find(batch.epoch);
      // An epoch the hello did not name is answered with what the Console has of it, and nothing of it is taken.
      if (!lane) return await this.#unknownEpoch(batch.epoch);
      // What a lane is called is said once, in the hello.
      const { ack, rejected } = await this.#host.ingest.accept(this.peer, { ...batch, lane: lane.name, events });
      taken[Symbol.dispose]();
      const { credit } = this.#lanes.acknowledge(lane, ack);
      this.#send({ type: "ack", ack, credit, rejected });
    } catch (error) {
      if (error instanceof AppError && error.code === "invalid_request") this.#violation(error);
      else this.#later(error);
    } finally {
      taken[Symbol.dispose]();
    }
  }

  /** Answers what the sensor asked. One that is not taken ends nothing: the stream carries events too. */
  async #answer(
    type: keyof typeof ASKED,
    id: number,
    take: ((peer: SensorPeer, body: unknown) => Promise<HeartbeatResponse | InventoryResponse>) | undefined,
    body: unknown,
  ): Promise<void> {
    const what = ASKED[type];
    if (!this.ready || !take) return this.#violation(new AppError("invalid_request", `${what} is posted here.`));
    if (this.#underWay.has(type))
      return this.#violation(new AppError("invalid_request", `${what} is under way already.`));
    this.#underWay.add(type);
    try {
      this.#send({ type, id, answer: await take(this.peer, body) } as StreamDown);
    } catch (error) {
      const known = error instanceof AppError ? error : new AppError("internal", `${what} could not be taken.`);
      const { code, message, retryAfterSecs } = known;
      const again = type === "noted" && retryAfterSecs !== undefined;
      const more = again ? { retry_after_secs: Math.ceil(retryAfterSecs) } : {};
      this.#send({ type, id, error: { code, message: message.slice(0, 512), ...more } });
    } finally {
      this.#underWay.delete(type);
    }
  }

  readonly #inventory = async (peer: SensorPeer, body: unknown): Promise<InventoryResponse> => {
    const nowMs = this.#host.nowMs();
    const fullMs = Math.max(this.#inventoriesMs, nowMs) + INVENTORY_EVERY_MS;
    const waitMs = fullMs - nowMs - INVENTORIES_AT_ONCE * INVENTORY_EVERY_MS;
    if (waitMs > 0)
      throw new AppError("rate_limited", "Inventories come too often.", { retryAfterSecs: Math.ceil(waitMs / 1000) });
    this.#inventoriesMs = fullMs;
    return this.#host.inventory!(peer, body);
  };

  async #unknownEpoch(epoch: string): Promise<void> {
    const ack: Ack = { epoch, seq: await this.#host.ingest.cursor(this.peer, epoch) };
    this.#send({ type: "ack", ack, credit: 0, rejected: [] });
  }

  /** What the sensor sent cannot be read: said, counted, ended. */
  #violation(error: unknown): void {
    this.#host.ingest.countMalformed(this.peer);
    const code = error instanceof AppError ? error.code : "internal";
    const message = error instanceof AppError ? error.message : "The frame could not be read.";
    this.#send({ type: "error", code, message: message.slice(0, 1024) });
    this.end(VIOLATION, code);
  }

  /** Nothing was kept: the sensor has all of it and begins anew from the next welcome. */
  #later(error: unknown): void {
    const message = error instanceof AppError ? error.message : "The Console cannot take events now.";
    this.#refuse(error instanceof AppError ? error.code : "internal", message, errorMessage(error));
  }

  #refuse(code: string, message: string, reason = code): void {
    this.#send({ type: "error", code, message });
    this.end(TRY_LATER, reason.slice(0, 100));
  }

  #send(message: StreamDown): void {
    this.#saidMs = this.#host.nowMs();
    this.#socket?.send(writeFrame(message));
  }
}
