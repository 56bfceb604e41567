import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { UnixSocketListener } from "bun";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { privateDir, shortSocketDir } from "../embedded/directories.ts";
import { readEnvelope, type MessageBus } from "../shared/bus.ts";
import type { Link, SharedLimits } from "../shared/contract.ts";
import { packBoot, type Boot } from "./boot.ts";
import { Channel } from "./channel.ts";
import { mergeMetrics } from "./merge-metrics.ts";

export interface WorkerHubDeps {
  readonly dataDir: string;
  readonly bus: MessageBus;
  readonly limits: SharedLimits;
  /** Why replicas do not hear each other; undefined when they do or need not. */
  readonly sharingProblem: () => string | undefined;
  /** Own metrics text. */
  readonly metrics: () => string;
  readonly log: Log;
}

interface Worker {
  readonly number: number;
  readonly pid: number;
  ready: boolean;
}

/** The parent's end of all workers: tells them what they are, passes their messages on, counts for them. */
export class WorkerHub implements AsyncDisposable {
  readonly #deps: WorkerHubDeps;
  readonly #workers = new Map<Channel, Worker>();
  readonly #links = new Map<Channel, Link>();
  readonly #watchers = new Set<() => void>();
  #boot: (number: number, pid: number) => Boot | undefined = () => undefined;
  #server: UnixSocketListener<Channel> | undefined;
  #remove: () => Promise<void> = () => Promise.resolve();
  socketPath = "";

  constructor(deps: WorkerHubDeps) {
    this.#deps = deps;
  }

  /** Opens the socket; `boot` says what a child of this number and pid is told, undefined when there is no such child. */
  async listen(boot: (number: number, pid: number) => Boot | undefined): Promise<void> {
    this.#boot = boot;
    const dir = join(this.#deps.dataDir, "run");
    await privateDir(dir, undefined);
    const short = await shortSocketDir(dir);
    this.socketPath = join(short.path, "workers.sock");
    this.#remove = async () => {
      await rm(this.socketPath, { force: true });
      await short.remove();
    };
    await rm(this.socketPath, { force: true });
    this.#server = Bun.listen<Channel>({
      unix: this.socketPath,
      socket: {
        ...Channel.socketHandler,
        open: (socket) => {
          socket.data = this.#channel();
          socket.data.opened(socket);
        },
      },
    });
  }

  /** Resolves once the child with this pid has taken its seat and serves; never when the signal aborts first. */
  async untilReady(pid: number, signal: AbortSignal): Promise<void> {
    const isReady = (): boolean => [...this.#workers.values()].some((w) => w.pid === pid && w.ready);
    while (!isReady() && !signal.aborted)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#watchers.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#watchers.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
  }

  /** What each worker says of itself; those that do not answer are left out. */
  async statuses(): Promise<Map<number, { connections: number }>> {
    return new Map((await this.#askAll<{ connections: number }>("status")).map(([w, status]) => [w.number, status]));
  }

  /** Prometheus text of the parent and all workers. */
  async metrics(): Promise<string> {
    const texts = new Map([["parent", this.#deps.metrics()]]);
    for (const [worker, text] of await this.#askAll<string>("metrics")) texts.set(String(worker.number), text);
    return mergeMetrics(texts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of this.#workers.keys()) channel.close();
    this.#server?.stop(true);
    await this.#remove();
  }

  async #askAll<T>(name: string): Promise<[Worker, T][]> {
    const asked = [...this.#workers].filter(([, worker]) => worker.ready);
    const answers = await Promise.allSettled(
      asked.map(async ([channel, worker]): Promise<[Worker, T]> => [worker, await channel.ask<T>(name)]),
    );
    return answers
      .flatMap((a) => (a.status === "fulfilled" ? [a.value] : []))
      .toSorted((a, b) => a[0].number - b[0].number);
  }

  #channel(): Channel {
    const { bus, log } = this.#deps;
    return new Channel({
      note: (name, body, channel) => {
        const link = this.#links.get(channel);
        if (!link) return;
        if (name === "ready") this.#ready(channel);
        const message = name === "bus" ? readEnvelope(body) : undefined;
        if (message) bus.receive(message, link);
      },
      ask: async (name, body, channel) => {
        if (name === "hello") return this.#seat(body, channel);
        if (!this.#workers.has(channel)) throw new AppError("forbidden", "say hello first");
        if (name === "limit") return this.#charge(body);
        if (name === "metrics") return this.metrics();
        if (name === "sharing") return this.#deps.sharingProblem() ?? null;
        throw new AppError("not_found", `the parent knows no ${name}`);
      },
      dropped: () => bus.dropped(),
      closed: (channel) => {
        const link = this.#links.get(channel);
        this.#workers.delete(channel);
        this.#links.delete(channel);
        if (link) bus.detach(link);
        log.debug("a worker left");
      },
    });
  }

  #seat(body: unknown, channel: Channel): unknown {
    const { number, pid } = (body ?? {}) as { number?: unknown; pid?: unknown };
    const boot = typeof number === "number" && typeof pid === "number" ? this.#boot(number, pid) : undefined;
    if (!boot) throw new AppError("forbidden", "this is no worker of this Console");
    const link: Link = { send: (envelope) => channel.note("bus", envelope) };
    this.#workers.set(channel, { number: boot.number, pid: pid as number, ready: false });
    this.#links.set(channel, link);
    return packBoot(boot);
  }

  #ready(channel: Channel): void {
    const worker = this.#workers.get(channel);
    if (worker) worker.ready = true;
    const link = this.#links.get(channel);
    if (link) this.#deps.bus.attach(link);
    for (const wake of this.#watchers) wake();
  }

  async #charge(body: unknown): Promise<number | null> {
    const [key, perMinute, mode, count] = Array.isArray(body) ? (body as unknown[]) : [];
    if (typeof key !== "string" || typeof perMinute !== "number" || typeof count !== "number") return null;
    return (await this.#deps.limits.charge(key, perMinute, mode === "ask" ? "ask" : "tell", count)) ?? null;
  }
}
