import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import type { Connection } from "./connection.ts";
import type { RequestHandler } from "./context.ts";
import type { ClientSocket, SocketHandler, Upgrade } from "./socket.ts";

/** Largest body the HTTP server reads at all; each route has its own, smaller limit. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const IDLE_SECS = 240;

export interface InnerServerOptions {
  readonly fetch: RequestHandler;
  /** The connection whose loopback half has this source port. */
  readonly find: (port: number) => Connection | undefined;
  readonly draining: () => boolean;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface InnerServer {
  readonly port: number;
  /** Tells every WebSocket that the Console goes away. */
  closeSockets(): void;
  stop(): Promise<void>;
}

/** The HTTP server behind the TLS front, on a loopback port that answers joined connections only. */
export function createInnerServer(options: InnerServerOptions): InnerServer {
  const strangers = options.metrics.counter(
    "telovix_console_inner_strangers_total",
    "Requests on the inner port that did not come through the TLS front; all were refused.",
  );
  const sockets = new Set<ClientSocket>();
  const server = Bun.serve<SocketHandler>({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    idleTimeout: IDLE_SECS,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch(request, self) {
      const from = self.requestIP(request);
      const connection = from?.address === "127.0.0.1" ? options.find(from.port) : undefined;
      if (!connection) {
        strangers();
        return new Response(null, { status: 403, headers: { connection: "close" } });
      }
      const upgrade: Upgrade = (handler, headers) => {
        if (!self.upgrade(request, { data: handler, ...(headers ? { headers } : {}) }))
          throw new AppError("invalid_request", "This address speaks WebSocket only.", {
            hint: "Send Upgrade: websocket with a Sec-WebSocket-Key.",
          });
        connection.upgraded = true;
        return new Response(null);
      };
      return answer(request, connection, upgrade) as Promise<Response>;
    },
    error(error) {
      options.log.error("request failed outside its handler", { error });
      return new Response(null, { status: 500 });
    },
    websocket: {
      maxPayloadLength: LIMITS.streamFrameBytes,
      backpressureLimit: 4 * 1024 * 1024,
      closeOnBackpressureLimit: true,
      idleTimeout: 60,
      sendPings: true,
      perMessageDeflate: false,
      open(socket) {
        sockets.add(socket);
        socket.data.open?.(socket);
      },
      message: (socket, message) => socket.data.message(socket, message),
      drain: (socket) => socket.data.drain?.(socket),
      close(socket, code, reason) {
        sockets.delete(socket);
        socket.data.close?.(socket, code, reason);
      },
    },
  });

  /** Undefined tells the server that the request has become a WebSocket. */
  async function answer(request: Request, connection: Connection, upgrade: Upgrade): Promise<Response | undefined> {
    connection.requestBegan();
    try {
      const response = await options.fetch(request, { peer: connection.peer, upgrade });
      if (connection.upgraded) return undefined;
      if (connection.clientEnded || options.draining()) response.headers.set("connection", "close");
      return response;
    } finally {
      connection.requestEnded();
    }
  }

  return {
    port: server.port!,
    closeSockets() {
      for (const socket of sockets) socket.close(1001, "the Console is shutting down");
    },
    stop: () => server.stop(true),
  };
}
