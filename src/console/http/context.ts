import type { ConnectionPeer } from "./env.ts";
import type { Upgrade } from "./socket.ts";

/** What the listener knows of a request beside the request itself. */
export interface RequestContext {
  readonly peer: ConnectionPeer;
  readonly upgrade: Upgrade;
}

export type RequestHandler = (request: Request, context: RequestContext) => Response | Promise<Response>;
