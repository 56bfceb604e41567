import type { NetworkSection } from "../../core/event/sections.ts";
import { defined } from "../normalize/fields.ts";
import { BoundedMap } from "./lru.ts";

const MAX_OPEN = 16_384;

interface Opened {
  readonly direction: NetworkSection["direction"];
  readonly dnsHostname: string | undefined;
  readonly openedUs: number;
}

function keyOf(n: NetworkSection): string {
  return `${n.protocol}|${n.local_addr ?? ""}|${n.local_port ?? ""}|${n.remote_addr ?? ""}|${n.remote_port ?? ""}`;
}

/** Connections under way, so that the end of one knows how it began. */
export class ConnectionJoin {
  readonly #open: BoundedMap<Opened>;

  constructor(max = MAX_OPEN) {
    this.#open = new BoundedMap(max);
  }

  opened(network: NetworkSection, nowUs: number): void {
    this.#open.set(keyOf(network), {
      direction: network.direction,
      dnsHostname: network.dns_hostname,
      openedUs: nowUs,
    });
  }

  /** The section of a close, completed with what its beginning said. */
  closed(network: NetworkSection, nowUs: number): NetworkSection {
    const key = keyOf(network);
    const begin = this.#open.get(key);
    if (!begin) return network;
    this.#open.delete(key);
    return defined({
      ...network,
      direction: network.direction ?? begin.direction,
      dns_hostname: network.dns_hostname ?? begin.dnsHostname,
      duration_us: network.duration_us ?? Math.max(0, nowUs - begin.openedUs),
    });
  }

  /** When a connection that is still open began, in microseconds since 1970. */
  since(network: NetworkSection): { openedUs: number; dnsHostname: string | undefined } | undefined {
    return this.#open.get(keyOf(network));
  }
}
