import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { isUuid } from "../../core/ids.ts";
import type { Service } from "../../core/service.ts";
import type { Bus, InstanceId } from "./contract.ts";

const TICK_MS = 250;
const ALIVE_TICKS = 20;
const IDS_PER_MESSAGE = 1_000;
const MAX_IDS = 50_000;

const Ids = Type.Array(Type.String({ maxLength: 36 }), { maxItems: IDS_PER_MESSAGE });
const Version = Type.Integer({ minimum: 0 });
const change = compile(Type.Object({ version: Version, add: Ids, remove: Ids }));
const version = compile(Type.Object({ version: Version }));
const part = compile(
  Type.Object({ version: Version, part: Version, parts: Type.Integer({ minimum: 1, maximum: 64 }), ids: Ids }),
);
const wish = compile(
  Type.Object({
    sensor_id: Type.String({ maxLength: 36 }),
    what: Type.Union([Type.Literal("heartbeat"), Type.Literal("inventory"), Type.Literal("certificate")]),
  }),
);

const opened = compile(
  Type.Array(Type.Tuple([Type.String({ maxLength: 36 }), Type.String({ maxLength: 16 })]), {
    maxItems: IDS_PER_MESSAGE,
  }),
);

type What = "heartbeat" | "inventory" | "certificate";

interface Elsewhere {
  version: number;
  ids: Set<string>;
  /** Of a whole list that is still coming. */
  coming: Set<string> | undefined;
  /** A whole list was asked for; asked again at the next sign of life. */
  asked: boolean;
}

/**
 * Which sensors have a stream, here or at another process. Each process says what changes, numbered; whoever misses a number asks
 * for the whole list.
 */
export class Presence implements Service {
  readonly name = "sensor presence";
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #own = new Set<string>();
  readonly #pending = new Map<string, boolean>();
  readonly #others = new Map<InstanceId, Elsewhere>();
  #version = 0;
  #refresh: (sensorId: string, what: What) => boolean = () => false;
  #arrivedElsewhere: (sensorId: string) => void = () => {};
  #openedElsewhere: (sensorId: string, startId: string) => void = () => {};
  /** Starts of sensors whose hello was answered here since the last flush. */
  readonly #opened = new Map<string, string>();

  constructor(deps: { bus: Bus; clock: Clock }) {
    const { bus } = deps;
    this.#bus = bus;
    this.#clock = deps.clock;
    bus.subscribe("streams", (body, from) => this.#changed(change.parse(body), from));
    bus.subscribe("streams-alive", (body, from) => this.#alive(version.parse(body).version, from));
    bus.subscribe("streams-wanted", (_body, from) => this.#tellAll(from));
    bus.subscribe("streams-all", (body, from) => this.#whole(part.parse(body), from));
    bus.subscribe("refresh", (body) => {
      const { sensor_id: sensorId, what } = wish.parse(body);
      if (isUuid(sensorId)) this.#refresh(sensorId, what);
    });
    bus.subscribe("streams-opened", (body) => {
      for (const [sensorId, startId] of opened.parse(body)) this.#openedElsewhere(sensorId, startId);
    });
    bus.onJoined(() => bus.publish("streams-alive", { version: this.#version }));
    bus.onGone((instance) => void this.#others.delete(instance));
  }

  /**
   * How a sensor with a stream at this process is asked to report, and who is told when another process has one, and of each hello that
   * another process answers.
   */
  serve(
    refresh: (sensorId: string, what: What) => boolean,
    arrivedElsewhere: (sensorId: string) => void,
    openedElsewhere: (sensorId: string, startId: string) => void,
  ): void {
    this.#refresh = refresh;
    this.#arrivedElsewhere = arrivedElsewhere;
    this.#openedElsewhere = openedElsewhere;
  }

  /** A sensor's hello was answered here; `startId` names its process. The others hear of it with the next flush. */
  opened(sensorId: string, startId: string): void {
    if (this.#bus.shared) this.#opened.set(sensorId, startId);
  }

  connected(sensorId: string): void {
    this.#own.add(sensorId);
    this.#pending.set(sensorId, true);
  }

  disconnected(sensorId: string): void {
    this.#own.delete(sensorId);
    this.#pending.set(sensorId, false);
  }

  /** Sensors with a stream, at any process. */
  get count(): number {
    let count = this.#own.size;
    for (const { ids } of this.#others.values()) count += ids.size;
    return count;
  }

  /** True when the sensor has a stream at any process. */
  has(sensorId: string): boolean {
    return this.#own.has(sensorId) || this.#isElsewhere(sensorId);
  }

  /** Asks a sensor to report now, wherever its stream is; false when it has none. */
  refresh(sensorId: string, what: What): boolean {
    if (this.#refresh(sensorId, what)) return true;
    if (!this.#isElsewhere(sensorId)) return false;
    this.#bus.publish("refresh", { sensor_id: sensorId, what });
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (let tick = 1; !signal.aborted; tick++) {
      await this.#clock.sleep(TICK_MS, signal);
      this.flush();
      if (tick % ALIVE_TICKS === 0) this.#bus.publish("streams-alive", { version: this.#version });
    }
  }

  /** Says what changed since the last time; called by `run`. */
  flush(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (let i = 0; i < pending.length; i += IDS_PER_MESSAGE) {
      const some = pending.slice(i, i + IDS_PER_MESSAGE);
      const of = (there: boolean): string[] => some.filter(([, is]) => is === there).map(([id]) => id);
      this.#bus.publish("streams", { version: ++this.#version, add: of(true), remove: of(false) });
    }
    const starts = [...this.#opened];
    this.#opened.clear();
    for (let i = 0; i < starts.length; i += IDS_PER_MESSAGE)
      this.#bus.publish("streams-opened", starts.slice(i, i + IDS_PER_MESSAGE));
  }

  #isElsewhere(sensorId: string): boolean {
    for (const { ids } of this.#others.values()) if (ids.has(sensorId)) return true;
    return false;
  }

  #other(instance: InstanceId): Elsewhere {
    let other = this.#others.get(instance);
    if (!other) this.#others.set(instance, (other = { version: 0, ids: new Set(), coming: undefined, asked: false }));
    return other;
  }

  #changed({ version: at, add, remove }: { version: number; add: string[]; remove: string[] }, from: InstanceId): void {
    const other = this.#other(from);
    if (at <= other.version) return;
    if (at > other.version + 1) return this.#want(other, from);
    other.version = at;
    for (const id of add) {
      if (other.ids.size < MAX_IDS) other.ids.add(id);
      this.#arrivedElsewhere(id);
    }
    for (const id of remove) other.ids.delete(id);
  }

  #alive(at: number, from: InstanceId): void {
    const other = this.#other(from);
    if (at === other.version) return;
    other.asked = false;
    this.#want(other, from);
  }

  #want(other: Elsewhere, from: InstanceId): void {
    if (other.asked) return;
    other.asked = true;
    this.#bus.publish("streams-wanted", null, from);
  }

  #tellAll(to: InstanceId): void {
    // What waits is in the list already; the next number follows on it.
    this.flush();
    const ids = [...this.#own].slice(0, MAX_IDS);
    const parts = Math.max(1, Math.ceil(ids.length / IDS_PER_MESSAGE));
    for (let n = 0; n < parts; n++) {
      const some = ids.slice(n * IDS_PER_MESSAGE, (n + 1) * IDS_PER_MESSAGE);
      this.#bus.publish("streams-all", { version: this.#version, part: n, parts, ids: some }, to);
    }
  }

  #whole(
    { version: at, part: n, parts, ids }: { version: number; part: number; parts: number; ids: string[] },
    from: InstanceId,
  ): void {
    const other = this.#other(from);
    if (n === 0) other.coming = new Set();
    for (const id of ids) if ((other.coming?.size ?? MAX_IDS) < MAX_IDS) other.coming?.add(id);
    if (n < parts - 1 || !other.coming) return;
    for (const id of other.coming) if (!other.ids.has(id)) this.#arrivedElsewhere(id);
    other.ids = other.coming;
    other.coming = undefined;
    other.version = at;
    other.asked = false;
  }
}
