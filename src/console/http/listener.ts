import { constants } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { errorMessage } from "../../core/error.ts";
import { ConnectionRegister } from "./connection-register.ts";
import { Connection, type CutReason } from "./connection.ts";
import { connectionRoom } from "./descriptors.ts";
import { HandshakeGate } from "./handshakes.ts";
import { createInnerServer, type InnerServer } from "./inner-server.ts";
import { LISTENER_LIMITS, type ListenerLimits, type ListenerOptions, type TlsMaterial } from "./listener-options.ts";
import { Loopback } from "./loopback.ts";
import { portError } from "./port-error.ts";
import { readUpgrade } from "./upgrade-head.ts";

const SWEEP_MS = 250;
/** Every so many times WebSockets are looked at too. */
const SWEEPS_A_LOOK = 8;
/** Four round trips to the far side of the world, and then some. */
const HANDSHAKE_LENT_MS = 1_000;

/**
 * One TLS port for browsers (no certificate) and sensors (certificate). TLS ends here, where the peer's certificate is known. A
 * sensor's stream is served here too; any other connection is joined to its own loopback connection to the HTTP server behind, and a
 * request finds its peer by the source port of that connection. The HTTP server answers nobody else.
 */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #connections = new ConnectionRegister();
  readonly #loopback = new Loopback();
  readonly #maxConnections: number;
  readonly #handshakes: HandshakeGate<Connection>;
  readonly #inner: InnerServer;
  #front: TCPSocketListener<Connection>;
  #tls: TlsMaterial;
  readonly #sweeper: NodeJS.Timeout;
  readonly #cuts: (by?: number, labels?: { reason: CutReason }) => void;
  readonly #failures: (by?: number) => void;
  #draining = false;
  #sweeps = 0;

  /** Opens the port. Throws AppError `unavailable` when it cannot be had. */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.#limits = { ...LISTENER_LIMITS, ...options.limits };
    this.#maxConnections = Math.min(this.#limits.maxConnections, connectionRoom());
    this.#cuts = options.metrics.counter("telovix_console_connections_cut_total", "Connections cut by the listener.");
    this.#failures = options.metrics.counter("telovix_console_handshakes_failed_total", "TLS handshakes that failed.");
    const open = options.metrics.gauge("telovix_console_connections", "Open TLS connections.");
    const waiting = options.metrics.gauge(
      "telovix_console_handshakes_waiting",
      "Connections that wait for their turn.",
    );
    this.#handshakes = new HandshakeGate(this.#limits.maxHandshakes, HANDSHAKE_LENT_MS);
    options.metrics.onCollect(() => {
      open(this.#connections.size);
      waiting(this.#handshakes.waiting);
    });
    this.#inner = createInnerServer({
      fetch: options.fetch,
      find: (port) => this.#loopback.find(port),
      draining: () => this.#draining,
      log: options.log,
      metrics: options.metrics,
    });
    try {
      this.#front = this.#listen();
    } catch (error) {
      void this.#inner.stop();
      throw portError(options, error);
    }
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), SWEEP_MS);
  }

  get port(): number {
    return this.#front.port;
  }

  /** Loopback port of the HTTP server behind; it refuses everybody but the front. */
  get innerPort(): number {
    return this.#inner.port;
  }

  get size(): number {
    return this.#connections.size;
  }

  /**
   * Shows another certificate and names other anchors from the next connection on; those that are open stay. The port is opened anew
   * for it, which takes well under a millisecond: who connects in between tries again.
   */
  reload(tls: TlsMaterial): void {
    if (this.#draining || Bun.deepEquals(tls, this.#tls)) return;
    const { port } = this;
    const before = this.#tls;
    this.#front.stop(false);
    this.#tls = tls;
    try {
      this.#front = this.#listen(port);
    } catch (error) {
      this.#options.log.error("the port could not be opened with the new certificate; the old one stays", { error });
      this.#tls = before;
      this.#front = this.#listen(port);
    }
  }

  /** Cuts every connection of a sensor, by its id or a certificate's serial; returns how many there were. */
  closePeer(name: string): number {
    const found = this.#connections.named(name);
    for (const connection of found) this.#cut(connection, "revoked");
    return found.length;
  }

  /** Takes no new connections, lets requests under way finish (bounded), closes the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true;
    this.#front.stop(false);
    this.#inner.closeSockets();
    for (const { socket } of this.#connections) socket?.close(1001, "the Console is shutting down");
    const endMs = performance.now() + this.#limits.drainTimeoutMs;
    while (this.#connections.size > 0 && performance.now() < endMs) {
      for (const connection of this.#connections) if (connection.idle) this.#cut(connection, "shutdown");
      await Bun.sleep(10);
    }
    for (const connection of this.#connections) this.#cut(connection, "shutdown");
    clearInterval(this.#sweeper);
    await this.#inner.stop();
  }

  #listen(port = this.#options.port): TCPSocketListener<Connection> {
    const { host, reusePort = false } = this.#options;
    const tls = this.#tls;
    const now = (): number => performance.now();
    return Bun.listen<Connection>({
      hostname: host,
      port,
      ...(reusePort ? { reusePort } : {}),
      allowHalfOpen: true,
      tls: {
        cert: tls.certPem,
        key: tls.keyPem,
        ca: tls.clientCaPem,
        requestCert: true,
        rejectUnauthorized: false,
        // Who comes back proves itself anew; without tickets a connection is smaller too.
        secureOptions: constants.SSL_OP_NO_TICKET,
        // In the form it has on the wire: a length and a name.
        ALPNProtocols: Buffer.from("\u0008http/1.1"),
      },
      socket: {
        open: (socket) => this.#opened(socket),
        handshake: (socket, success, error) => this.#secured(socket, success, error === null || error === undefined),
        data: (socket, data) => {
          const gathered = socket.data?.fromClient(data, now());
          if (gathered) this.#decide(socket.data, gathered);
        },
        drain: (socket) => socket.data?.drained(now()),
        end: (socket) => socket.data?.clientEnd(),
        close: (socket) => {
          if (socket.data) this.#gone(socket.data);
        },
        error: (_socket, error) => this.#options.log.debug("socket error", { error: errorMessage(error) }),
      },
    });
  }

  #opened(socket: Socket<Connection>): void {
    const connection = new Connection(socket, performance.now());
    socket.data = connection;
    const unfinished = this.#connections.add(connection);
    const { maxHandshakesPerAddress, maxWaitMs } = this.#limits;
    const full = this.#connections.size > this.#maxConnections || unfinished > maxHandshakesPerAddress;
    // Who would have given up when its turn came is told so at once: it comes again, spread over a while.
    const late = this.#handshakes.expectedWaitMs(connection.address) > maxWaitMs;
    if (this.#draining || full || late) this.#cut(connection, this.#draining ? "shutdown" : "too_many");
    else if (!this.#handshakes.enter(connection, performance.now())) socket.pause();
  }

  #secured(socket: Socket<Connection>, success: boolean, known: boolean): void {
    const connection = socket.data;
    if (!connection || connection.closed) return;
    this.#handshakes.leave(connection, performance.now());
    if (!success) return this.#failures();
    connection.secured(known);
    if (this.#connections.secured(connection) > this.#limits.maxPerAddress) return this.#cut(connection, "too_many");
    if (connection.known && this.#options.streams) connection.gather();
    else this.#join(connection);
  }

  /** Who answers a connection with a certificate of ours, by what it says first. */
  #decide(connection: Connection, gathered: Buffer): void {
    const { streams } = this.#options;
    // Somebody is being asked already.
    if (!streams || connection.requests > 0) return;
    const upgrade = this.#draining ? undefined : readUpgrade(gathered, streams.paths);
    if (upgrade === "more") return;
    if (!upgrade) return this.#pass(connection);
    connection.requestBegan();
    streams.open(connection.peer).then(
      (handler) => {
        connection.requestEnded();
        if (this.#draining || connection.clientEnded) this.#cut(connection, "shutdown");
        else if (!connection.closed) connection.serve(handler, upgrade.answer, upgrade.size);
      },
      () => {
        connection.requestEnded();
        if (!connection.closed) this.#pass(connection);
      },
    );
  }

  #pass(connection: Connection): void {
    connection.pass();
    this.#join(connection);
  }

  #join(connection: Connection): void {
    this.#loopback.join(connection, this.#inner.port).catch((error: unknown) => {
      this.#options.log.error("the inner server cannot be reached", { error });
      this.#cut(connection, "too_many");
    });
  }

  #cut(connection: Connection, reason: CutReason): void {
    if (connection.closed) return;
    this.#cuts(1, { reason });
    connection.cut();
    this.#gone(connection);
  }

  #gone(connection: Connection): void {
    if (!this.#connections.remove(connection)) return;
    if (!connection.secure) this.#handshakes.leave(connection, performance.now());
    if (!connection.closed) connection.frontClosed();
  }

  #sweep(nowMs: number): void {
    this.#handshakes.sweep(nowMs);
    const all = this.#sweeps++ % SWEEPS_A_LOOK === 0;
    for (const c of this.#connections) {
      // Streams are by far the most, and nothing of theirs is due to the second.
      if (c.upgraded && !all) continue;
      const reason = c.overdue(nowMs, this.#limits);
      if (reason) this.#cut(c, reason);
    }
  }
}
