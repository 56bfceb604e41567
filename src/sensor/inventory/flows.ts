import { LIMITS } from "../../core/wire/limits.ts";
import type { Flow } from "../../core/wire/inventory.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { defined } from "../normalize/fields.ts";

type Sum = { -readonly [K in keyof Flow]: Flow[K] };

/** Connections that ended since the last report, summed by peer and program. */
export class FlowTable {
  #flows = new Map<string, Sum>();
  /** Ended connections left out of reports because there were too many different ones. */
  leftOut = 0;

  add(draft: EventDraft): void {
    const { network: n } = draft;
    if (draft.kind !== "network_close" || n?.remote_addr === undefined || n.remote_port === undefined) return;
    const direction = n.direction ?? "outbound";
    const remotePort = direction === "inbound" ? 0 : n.remote_port;
    this.#sum(
      defined({
        protocol: n.protocol === "udp" ? ("udp" as const) : ("tcp" as const),
        direction,
        remote_addr: n.remote_addr.slice(0, 64),
        // The far port of an inbound connection is chance: one flow per peer says more.
        remote_port: remotePort,
        binary: draft.process?.binary,
        count: 1,
        bytes_sent: n.bytes_sent ?? 0,
        bytes_received: n.bytes_received ?? 0,
      }),
    );
  }

  #sum(flow: Flow): void {
    const key = `${flow.protocol}|${flow.direction}|${flow.remote_addr}|${flow.remote_port}|${flow.binary ?? ""}`;
    const known = this.#flows.get(key);
    if (known) {
      known.count += flow.count;
      known.bytes_sent += flow.bytes_sent;
      known.bytes_received += flow.bytes_received;
    } else if (this.#flows.size >= LIMITS.inventoryConnections) this.leftOut += flow.count;
    else this.#flows.set(key, { ...flow });
  }

  /** Sums flows of a report that did not get through in again. */
  putBack(flows: readonly Flow[]): void {
    for (const flow of flows) this.#sum(flow);
  }

  /** What was summed up so far; it begins anew. */
  take(): Flow[] {
    const flows = [...this.#flows.values()];
    this.#flows = new Map();
    return flows;
  }
}
