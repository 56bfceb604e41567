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

/** A snapshot to send, and the hashes to remember once it has arrived. */
export interface Prepared {
  readonly inventory: Inventory;
  readonly hashes: ReadonlyMap<Section, string>;
}

/** Takes snapshots of the host and tells what changed since the last one the Console took. */
export class InventoryTaker {
  readonly #processes: ProcessLister;
  readonly #sockets = new SocketLister();
  readonly #flows: FlowTable;
  readonly #connections: ConnectionJoin;
  readonly #clock: Clock;
  #sent = new Map<Section, string>();
  #volatileMs = -Infinity;

  constructor(processes: ProcessLister, flows: FlowTable, connections: ConnectionJoin, clock: Clock) {
    this.#processes = processes;
    this.#flows = flows;
    this.#connections = connections;
    this.#clock = clock;
  }

  /** The sections that changed, or all of them; undefined when none did. */
  async prepare(full: boolean): Promise<Prepared | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const nowUs = this.#clock.nowMs() * 1000;
    const { processes, leftOut } = await this.#processes.list(nowMs);
    const sockets = await this.#sockets.list(
      {
        binary: (pid) => this.#processes.binary(pid),
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
      nowUs,
    );
    const flows = this.#flows.take();
    const stable = processes.map(({ cpu_percent: _c, rss_bytes: _r, state: _s, ...rest }) => rest);
    const hashes = new Map<Section, string>([
      ["processes", sha256Hex(JSON.stringify(stable))],
      ["connections", sha256Hex(JSON.stringify(sockets.connections.map(({ duration_secs: _d, ...rest }) => rest)))],
      ["listening", sha256Hex(JSON.stringify(sockets.listening))],
      ["flows", sha256Hex(JSON.stringify(flows))],
    ]);
    const changed = new Set(SECTIONS.filter((s) => full || this.#sent.get(s) !== hashes.get(s)));
    if (flows.length === 0 && !full) changed.delete("flows");
    if (nowMs - this.#volatileMs >= VOLATILE_EVERY_MS) changed.add("processes");
    if (changed.size === 0) return undefined;
    const inventory: Inventory = {
      is_full_snapshot: full,
      observed_at_us: nowUs,
      ...(changed.has("processes") ? { processes } : {}),
      ...(changed.has("connections") ? { connections: sockets.connections } : {}),
      ...(changed.has("listening") ? { listening: sockets.listening } : {}),
      ...(changed.has("flows") ? { flows } : {}),
      ...(leftOut + sockets.leftOut > 0 ? { left_out: { processes: leftOut, connections: sockets.leftOut } } : {}),
    };
    return { inventory, hashes };
  }

  /** It did not get through: ended connections are summed on, not forgotten. */
  failed({ inventory }: Prepared): void {
    this.#flows.putBack(inventory.flows ?? []);
  }

  /** The Console has it. */
  arrived({ inventory, hashes }: Prepared): void {
    if (inventory.processes) this.#volatileMs = this.#clock.monotonicMs();
    for (const section of SECTIONS) if (inventory[section] !== undefined) this.#sent.set(section, hashes.get(section)!);
  }
}
