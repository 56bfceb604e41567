import type { Role } from "../../core/api/auth.ts";
import type { Upgrade } from "./socket.ts";

/** The person behind a request; its tenant is the only one the request can touch. */
export interface Principal {
  readonly userId: string;
  readonly tenantId: string;
  readonly email: string;
  readonly role: Role;
  readonly sessionHash: string;
}

/** The sensor behind a request, by its certificate. */
export interface SensorPeer {
  readonly sensorId: string;
  readonly tenantId: string;
  readonly nodeName: string;
  readonly serial: string;
  /** The certificate that was shown; `previous`: it has a successor that was used. */
  readonly certificate?: {
    readonly status: "active" | "previous";
    readonly issuerId: string;
    readonly notAfterMs: number;
  };
}

/** What the TLS front knows of a connection. */
export interface ConnectionPeer {
  readonly remoteAddr: string;
  readonly remotePort: number;
  /** DER of the client certificate that was proven in the handshake; undefined for browsers. Not yet checked against anything. */
  readonly certificate: Uint8Array | undefined;
}

/** Hono's environment in every router of the Console. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    peer: ConnectionPeer;
    /** Makes a WebSocket of the request: `return c.get("upgrade")(handler)`. */
    upgrade: Upgrade;
    principal: Principal;
    sensor: SensorPeer;
  };
}
