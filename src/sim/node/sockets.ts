import type { Flow, Inventory, ListeningService, TcpConnection } from "../../core/wire/inventory.ts";
import { mix } from "../mix.ts";
import type { Profile } from "../options.ts";
import type { NodeFacts } from "./facts.ts";

/** Programs a host of a profile runs, and the port each listens on. */
const SERVICES: Readonly<Record<Profile, readonly (readonly [string, number])[]>> = {
  web: [
    ["/usr/sbin/nginx", 443],
    ["/usr/sbin/php-fpm8.2", 9000],
    ["/usr/sbin/sshd", 22],
  ],
  db: [
    ["/usr/lib/postgresql/15/bin/postgres", 5432],
    ["/usr/bin/rsync", 873],
    ["/usr/sbin/sshd", 22],
  ],
  "5gcore": [
    ["/opt/5gc/bin/amf", 38_412],
    ["/opt/5gc/bin/smf", 7777],
    ["/opt/5gc/bin/upf", 8805],
    ["/usr/sbin/sshd", 22],
  ],
};

const MIN_CONNECTIONS = 6;
/** Connections are the same for so many heartbeats on average. */
const BEATS_UNCHANGED = 3;

type Sockets = Required<Pick<Inventory, "connections" | "listening" | "flows">>;

function listeningOf({ profile }: NodeFacts): ListeningService[] {
  return SERVICES[profile].map(([binary, port], i) => ({
    protocol: "tcp",
    addr: "0.0.0.0",
    port,
    pid: 600 + i,
    binary,
    uid: 0,
  }));
}

function connectionsOf({ seed, index, profile }: NodeFacts, change: number, nowUs: number): TcpConnection[] {
  const [binary, port] = SERVICES[profile][0]!;
  const count = MIN_CONNECTIONS + (mix(seed, index, change, 91) % 9);
  return Array.from({ length: count }, (_, i) => {
    const drawn = mix(seed, index, change, i, 92);
    return {
      local_addr: "10.20.0.5",
      local_port: port,
      remote_addr: `10.21.${drawn & 255}.${(drawn >> 8) & 255}`,
      remote_port: 32_768 + (drawn % 28_000),
      state: "ESTABLISHED",
      pid: 640 + 3 * i,
      binary,
      uid: 33,
      duration_secs: (Math.floor(nowUs / 1e6) + (drawn % 600)) % 3_600,
    };
  });
}

function flowsOf({ seed, index, profile }: NodeFacts, beat: number): Flow[] {
  const [binary, port] = SERVICES[profile][0]!;
  return Array.from({ length: mix(seed, index, beat, 93) % 5 }, (_, i) => {
    const drawn = mix(seed, index, beat, i, 94);
    const inbound = drawn % 3 > 0;
    return {
      protocol: "tcp",
      direction: inbound ? "inbound" : "outbound",
      remote_addr: `198.51.${drawn & 255}.${(drawn >> 8) & 255}`,
      remote_port: inbound ? 0 : port,
      binary,
      count: 1 + (drawn % 20),
      bytes_sent: drawn % 1_000_000,
      bytes_received: drawn % 100_000,
    };
  });
}

/** A number that changes when the host's connections do. */
function changeAt({ seed, index }: NodeFacts, beat: number): number {
  let at = beat;
  while (at > 0 && mix(seed, index, at, 95) % BEATS_UNCHANGED !== 0) at--;
  return at;
}

/** All sockets of a host at its `beat`th heartbeat. */
export function socketsOf(facts: NodeFacts, beat: number, nowUs: number): Sockets {
  return {
    connections: connectionsOf(facts, changeAt(facts, beat), nowUs),
    listening: listeningOf(facts),
    flows: flowsOf(facts, beat),
  };
}

/** Those a heartbeat carries: what changed since the one before. */
export function changedSockets(facts: NodeFacts, beat: number, nowUs: number): Partial<Sockets> {
  const { connections, listening, flows } = socketsOf(facts, beat, nowUs);
  if (beat === 0) return { connections, listening, flows };
  const changed = changeAt(facts, beat) === beat;
  return { ...(changed ? { connections } : {}), ...(flows.length > 0 ? { flows } : {}) };
}
