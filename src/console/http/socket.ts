import type { ServerWebSocket } from "bun";

/** What a WebSocket does; kept as the socket's `data`, so that one server serves every kind of stream. */
export interface SocketHandler {
  open?(socket: ClientSocket): void;
  message(socket: ClientSocket, message: string | Buffer): void;
  /** The socket can take more after `send` answered -1. */
  drain?(socket: ClientSocket): void;
  close?(socket: ClientSocket, code: number, reason: string): void;
}

export type ClientSocket = ServerWebSocket<SocketHandler>;

/** Turns the request into a WebSocket; returns the response a handler must answer with. Throws AppError `invalid_request` otherwise. */
export type Upgrade = (handler: SocketHandler, headers?: Readonly<Record<string, string>>) => Response;
