import type { Clock } from "../../core/clock.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { Inventory } from "../../core/wire/inventory.ts";
import type { ConnectionJoin } from "../enrich/connections.ts";
import type { FlowTable } from "./flows.ts";
import type { ProcessLister } from "./processes.ts";
import { SocketLister } from "./sockets.ts";

const SECTIONS = ["processes", "connections", "listening", "flows"] as const;
type Section = (typeof SECTIONS)[number];
/** Memory and CPU change with every look: for their sake alone the list goes out this often. */
const VOLATILE_EVERY_MS = 60_000;

/**
 * Most that the sockets of one heartbeat may take, as JSON (MessagePack is shorter): with events and state beside them it stays
 * under its limit even where nothing compresses. What is more goes with the inventory.
 */
const HEARTBEAT_SECTION_BYTES = 1024 * 1024;

type Sockets = Pick<Inventory, "connections" | "listening" | "flows">;

/** A snapshot to send, and the hashes to remember once it has arrived. */
export interface Prepared<T = Inventory> {
  readonly inventory: T;
  readonly hashes: ReadonlyMap<Section, string>;
}

/** What a heartbeat carries of it, with its size as JSON. */
export interface PreparedSockets extends Prepared<Sockets> {
  readonly sizeBytes: number;
}

/** Takes snapshots of the host and tells what changed since the last one the Console took. */
export class InventoryTaker {
  readonly #processes: ProcessLister;
  readonly #sockets = new SocketLister();
  readonly #flows: FlowTable;
  readonly #connections: ConnectionJoin;
  readonly #clock: Clock;
  readonly #sent = new Map<Section, string>();
  #volatileMs = -Infinity;
  /** The sockets are too many for a heartbeat: they go with the inventory. */
  #tooMany = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(processes: ProcessLister, flows: FlowTable, connections: ConnectionJoin, clock: Clock) {
    this.#processes = processes;
    this.#flows = flows;
    this.#connections = connections;
    this.#clock = clock;
  }

  /** For /sensors/inventory: everything, or the processes if they changed (and sockets that fit no heartbeat); undefined: nothing. */
  prepare(full: boolean): Promise<Prepared | undefined> {
    return this.#oneAtATime(() => this.#prepare(full));
  }

  /** For a heartbeat: connections, listening services and flows, each if it changed; undefined when none did or they are too many. */
  prepareSockets(): Promise<PreparedSockets | undefined> {
    return this.#oneAtATime(async () => {
      const { content, hashes } = await this.#lookAtSockets();
      const inventory = this.#changed(content, hashes);
      const sizeBytes = Object.keys(inventory).length === 0 ? 0 : Buffer.byteLength(JSON.stringify(inventory));
      this.#tooMany = sizeBytes > HEARTBEAT_SECTION_BYTES;
      if (sizeBytes > 0 && !this.#tooMany) return { inventory, hashes, sizeBytes };
      this.#flows.putBack(content.flows);
      return undefined;
    });
  }

  /** It did not get through: ended connections are summed on, not forgotten. */
  failed({ inventory }: Prepared<Sockets>): void {
    this.#flows.putBack(inventory.flows ?? []);
  }

  /** The Console has it. */
  arrived({ inventory, hashes }: Prepared<Sockets & Pick<Inventory, "processes">>): void {
    if (inventory.processes) this.#volatileMs = this.#clock.monotonicMs();
    for (const section of SECTIONS) if (inventory[section] !== undefined) this.#sent.set(section, hashes.get(section)!);
  }

  /** Heartbeat and inventory ask by themselves; the tables are read and emptied for one of them after the other. */
  #oneAtATime<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #prepare(full: boolean): Promise<Prepared | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const nowUs = this.#clock.nowMs() * 1000;
    const { processes, leftOut } = await this.#processes.list(nowMs);
    const stable = processes.map(({ cpu_percent: _c, rss_bytes: _r, state: _s, ...rest }) => rest);
    const hashes = new Map<Section, string>([["processes", sha256Hex(JSON.stringify(stable))]]);
    let sockets: Sockets = {};
    let socketsLeftOut = 0;
    if (full || this.#tooMany) {
      const look = await this.#lookAtSockets();
      for (const [section, hash] of look.hashes) hashes.set(section, hash);
      sockets = full ? look.content : this.#changed(look.content, look.hashes);
      socketsLeftOut = look.leftOut;
    }
    const changed = full || this.#sent.get("processes") !== hashes.get("processes");
    const due = changed || nowMs - this.#volatileMs >= VOLATILE_EVERY_MS;
    if (!due && Object.keys(sockets).length === 0) return undefined;
    const inventory: Inventory = {
      is_full_snapshot: full,
      observed_at_us: nowUs,
      ...(due ? { processes } : {}),
      ...sockets,
      ...(leftOut + socketsLeftOut > 0 ? { left_out: { processes: leftOut, connections: socketsLeftOut } } : {}),
    };
    return { inventory, hashes };
  }

  /** The sections that the Console does not have as they are now. No flows are no news. */
  #changed(content: Required<Sockets>, hashes: ReadonlyMap<Section, string>): Sockets {
    const differs = (section: Section): boolean => this.#sent.get(section) !== hashes.get(section);
    return {
      ...(differs("connections") ? { connections: content.connections } : {}),
      ...(differs("listening") ? { listening: content.listening } : {}),
      ...(content.flows.length > 0 ? { flows: content.flows } : {}),
    };
  }

  async #lookAtSockets(): Promise<{ content: Required<Sockets>; hashes: Map<Section, string>; leftOut: number }> {
    const { connections, listening, leftOut } = await this.#sockets.list(
      {
        binary: (pid) => this.#processes.binary(pid),
        mayHold: (pid) => this.#processes.mayHold(pid),
        began: (local_addr, local_port, remote_addr, remote_port) => {
          const found = this.#connections.since({
            family: "inet",
            protocol: "tcp",
            local_addr,
            local_port,
            remote_addr,
            remote_port,
          });
          return found && { sinceUs: found.openedUs, dnsHostname: found.dnsHostname };
        },
      },
      this.#clock.nowMs() * 1000,
    );
    const flows = this.#flows.take();
    const hashes = new Map<Section, string>([
      // How long a connection has been open changes with every look.
      ["connections", sha256Hex(JSON.stringify(connections.map(({ duration_secs: _d, ...rest }) => rest)))],
      ["listening", sha256Hex(JSON.stringify(listening))],
      ["flows", sha256Hex(JSON.stringify(flows))],
    ]);
    return { content: { connections, listening, flows }, hashes, leftOut };
  }
}
