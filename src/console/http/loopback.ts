import type { SocketHandler } from "bun";
import type { Connection } from "./connection.ts";

/** The loopback connections that join the front's connections to the HTTP server behind it, each found by its source port. */
export class Loopback {
  readonly #byPort = new Map<number, Connection>();

  /** The connection that was joined from this source port. */
  find(port: number): Connection | undefined {
    return this.#byPort.get(port);
  }

  /** Joins a connection to the server on `port`. Rejects when that cannot be reached. */
  async join(connection: Connection, port: number): Promise<void> {
    await Bun.connect<Connection>({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      data: connection,
      socket: this.#handlers,
    });
  }

  readonly #handlers: SocketHandler<Connection> = {
    open: (inner) => {
      if (inner.data.closed) return inner.terminate();
      this.#byPort.set(inner.localPort, inner.data);
      inner.data.joined(inner);
    },
    data: (inner, data) => inner.data.fromServer(data, performance.now()),
    drain: (inner) => {
      if (inner.data.up.flush()) inner.data.activeMs = performance.now();
    },
    end: (inner) => inner.data.innerClosed(),
    close: (inner) => {
      if (this.#byPort.get(inner.data.innerPort) === inner.data) this.#byPort.delete(inner.data.innerPort);
      inner.data.innerClosed();
    },
  };
}
