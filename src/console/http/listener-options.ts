import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { TimeLimits } from "./connection.ts";
import type { RequestHandler } from "./context.ts";
import type { ConnectionPeer } from "./env.ts";
import type { SocketHandler } from "./socket.ts";

export interface TlsMaterial {
  readonly certPem: string;
  readonly keyPem: string;
  /** Anchors of the sensors' certificates, named to clients so that browsers do not offer others. */
  readonly clientCaPem: string;
}

export interface ListenerLimits extends TimeLimits {
  readonly maxConnections: number;
  /** Of connections without a certificate of ours. */
  readonly maxPerAddress: number;
  /** Of unfinished handshakes: a whole fleet may come from behind one address. */
  readonly maxHandshakesPerAddress: number;
  /** Handshakes at once; others wait their turn. */
  readonly maxHandshakes: number;
  /** Who would wait longer for a turn does not. */
  readonly maxWaitMs: number;
  readonly drainTimeoutMs: number;
}

export const LISTENER_LIMITS: ListenerLimits = {
  maxConnections: 32_000,
  maxPerAddress: 1_024,
  maxHandshakesPerAddress: 12_000,
  maxHandshakes: 64,
  maxWaitMs: 5_000,
  handshakeTimeoutMs: 10_000,
  headerTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
  drainTimeoutMs: 5_000,
};

/** Sensors' streams, which are served right at the front: a fleet's connections then cost no second one behind it. */
export interface StreamDoor {
  readonly paths: readonly string[];
  /** Who serves a peer's stream. When it rejects, the request goes to the HTTP server as any other, which says why. */
  open(peer: ConnectionPeer): Promise<SocketHandler>;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Lets other processes of this user listen on the same port; the kernel spreads connections over them. */
  readonly reusePort?: boolean;
  readonly tls: TlsMaterial;
  readonly fetch: RequestHandler;
  readonly streams?: StreamDoor | undefined;
  readonly limits?: Partial<ListenerLimits>;
  readonly log: Log;
  readonly metrics: Metrics;
}
