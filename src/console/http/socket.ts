/** A WebSocket's end at the Console. */
export interface ClientSocket {
  /** Sends a message; gives its bytes, -1 when it waits behind others, 0 when it was dropped since the socket is gone. */
  send(data: string | Uint8Array): number;
  close(code?: number, reason?: string): void;
  /** Ends it without a word. */
  terminate(): void;
  /** Bytes that wait to be taken by the network. */
  getBufferedAmount(): number;
}

/** What a WebSocket does; kept as the socket's `data`, so that one server serves every kind of stream. */
export interface SocketHandler {
  open?(socket: ClientSocket): void;
  message(socket: ClientSocket, message: string | Buffer): void;
  /** The socket can take more after `send` answered -1. */
  drain?(socket: ClientSocket): void;
  close?(socket: ClientSocket, code: number, reason: string): void;
}

/** Turns the request into a WebSocket; returns the response a handler must answer with. Throws AppError `invalid_request` otherwise. */
export type Upgrade = (handler: SocketHandler, headers?: Readonly<Record<string, string>>) => Response;
