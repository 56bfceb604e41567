import { AppError, errorMessage } from "../../core/error.ts";
import type { Ack, LaneName } from "../../core/wire/common.ts";
import { FRAME_DICTIONARY, type FrameDictionary } from "../../core/wire/dictionary.ts";
import type { EventsBatchEnvelope, EventsResponse } from "../../core/wire/events.ts";
import type { LaneState, SensorInstance, StreamDown, StreamHello } from "../../core/wire/stream.ts";
import type { SensorPeer } from "../http/env.ts";
import type { PackedEvents } from "../rows/packed-events.ts";
import type { ClientSocket, SocketHandler } from "../http/socket.ts";
import { checkProtocol } from "../trust/service.ts";
import { checkRanges } from "./check-batch.ts";
import { readFrame, writeFrame, type ReadFrame } from "./frames.ts";
import type { Ingest } from "./service.ts";
import { StreamLanes, type StreamLane } from "./stream-lanes.ts";
import { postedOnly, StreamReports, type ReportName, type ReportTakers } from "./stream-reports.ts";

/** WebSocket close codes: try again later, and violation of the protocol. */
const TRY_LATER = 1013;
const VIOLATION = 1008;
/** Memory that a frame's events take as objects, for each byte of the frame, about. */
const OBJECTS_FACTOR = 10;
const CLONE =
  "Another node uses this identity too: go on under new epochs, or the numbers of both would be taken for each other's.";

export interface SessionHost extends ReportTakers {
  readonly ingest: Pick<Ingest, "accept" | "cursor" | "countMalformed">;
  /** Events this sensor may have under way in a lane. */
  credit(sensorId: string, lane: LaneName): number;
  /** Does what may wait when it is its turn and there is room in its lane; `bytes` is what it holds until then. */
  later(lane: "bulk" | "backlog", run: () => void, bytes: number): void;
  /** How long sensors should gather what is no alert; undefined: as they like. */
  readonly tickMs: number | undefined;
  arrived(session: StreamSession): void;
  /** Looks at who says hello; true when somebody else uses this identity and this one has to go on under new epochs first. */
  isClone(session: StreamSession): Promise<boolean>;
  /** Before a hello is answered: takes account of what this Console had of its sequences and has no more. Rejects when it can't. */
  compare(session: StreamSession, hello: StreamHello): Promise<void>;
  opened(session: StreamSession, hello: StreamHello): void;
  closed(session: StreamSession): void;
}

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
  readonly #reports: StreamReports;
  readonly #pongs = new Map<number, () => void>();
  #socket: ClientSocket | undefined;
  #greeted = false;
  #over = false;
  #dictionary: FrameDictionary | undefined;
  #pings = 0;

  constructor(peer: SensorPeer, recheck: () => Promise<unknown>, host: SessionHost) {
    this.peer = peer;
    this.recheck = recheck;
    this.#host = host;
    this.#lanes = new StreamLanes((lane) => host.credit(peer.sensorId, lane));
    this.#reports = new StreamReports(peer, host);
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
        return void this.#report("heard", up.id, up.heartbeat);
      case "inventory":
        return void this.#report("noted", up.id, up.inventory);
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

  /** Tells the sensor a lane's credit when it changed between nothing and something; returns how many events it may send for that. */
  regrant(hasRoom: boolean): number {
    if (!this.ready) return 0;
    const lanes = this.#lanes.regrants(hasRoom);
    for (const { ack, credit } of lanes) this.#send({ type: "ack", ack, credit, rejected: [] });
    return lanes.reduce((sum, { credit }) => sum + credit, 0);
  }

  async #hello(hello: StreamHello): Promise<void> {
    const { ingest, tickMs } = this.#host;
    try {
      this.instance = hello.instance;
      if (await this.#host.isClone(this)) return this.#refuse("clone_suspected", CLONE);
      await this.#host.compare(this, hello);
      const { epoch, next_seq } = hello;
      const named: readonly LaneState[] = hello.lanes ?? [{ lane: "bulk", epoch, next_seq, acked_seq: 0 }];
      const seqs = await Promise.all(named.map(({ epoch, next_seq }) => ingest.cursor(this.peer, epoch, next_seq)));
      const lanes = named.map(({ lane, epoch, acked_seq: acked, base_seq: base = 0 }, i) => {
        const { ack, credit } = this.#lanes.open(lane, { epoch, seq: seqs[i]! }, { acked, base }, named.length === 1);
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
        ...(tickMs === undefined ? {} : { stream_tick_ms: tickMs }),
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
      else void this.#answer(this.#offer(body, packed ?? body.events), taken);
    };
    const lane = this.#lanes.find(body.epoch)?.name ?? "bulk";
    if (lane === "alert") work();
    else this.#host.later(lane, work, packed?.bytes.length ?? frameBytes * OBJECTS_FACTOR);
  }

  /** Gives events to ingest; resolves with what the sensor is told. Nothing is awaited here: it would keep the frame until then. */
  async #offer(body: EventsBatchEnvelope, events: unknown[] | PackedEvents): Promise<StreamDown> {
    const batch = checkRanges(body, "/batch");
    const lane = this.#lanes.find(batch.epoch);
    // An epoch the hello did not name is answered with what the Console has of it, and nothing of it is taken.
    if (!lane) return this.#unknownEpoch(batch.epoch);
    // What a lane is called, and what the sensor has handed over of it, is said once, in the hello.
    const { name, handed } = lane;
    return this.#acknowledged(
      lane,
      this.#host.ingest.accept(this.peer, { ...batch, lane: name, events, handed, patient: true }),
    );
  }

  async #acknowledged(lane: StreamLane, stored: Promise<EventsResponse>): Promise<StreamDown> {
    const { ack, rejected } = await stored;
    const { credit } = this.#lanes.acknowledge(lane, ack);
    return { type: "ack", ack, credit, rejected };
  }

  async #answer(answer: Promise<StreamDown>, taken: Disposable): Promise<void> {
    try {
      this.#send(await answer);
    } catch (error) {
      if (error instanceof AppError && error.code === "invalid_request") this.#violation(error);
      else this.#later(error);
    } finally {
      taken[Symbol.dispose]();
    }
  }

  /** Answers a heartbeat or an inventory. */
  async #report(report: ReportName, id: number, body: unknown): Promise<void> {
    if (!this.ready) return this.#violation(postedOnly(report));
    let answer: Promise<StreamDown>;
    try {
      answer = this.#reports.take(report, id, body);
    } catch (error) {
      return this.#violation(error);
    }
    this.#send(await answer);
  }

  async #unknownEpoch(epoch: string): Promise<StreamDown> {
    const ack: Ack = { epoch, seq: await this.#host.ingest.cursor(this.peer, epoch) };
    return { type: "ack", ack, credit: 0, rejected: [] };
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
