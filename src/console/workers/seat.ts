import { AppError } from "../../core/error.ts";
import type { MessageBus } from "../shared/bus.ts";
import { readEnvelope } from "../shared/bus.ts";
import type { Link, SharedLimits } from "../shared/contract.ts";
import { unpackBoot, type Boot } from "./boot.ts";
import { Channel } from "./channel.ts";

/** What a worker says of itself when it is asked. */
export interface WorkerAnswers {
  metrics(): string;
  connections(): number;
}

/** A worker's place beside its parent: what it was told, and the way to it. */
export interface Seat {
  readonly boot: Boot;
  /** Counts over all workers, and over replicas where the parent does. */
  readonly limits: SharedLimits;
  /** Joins the worker's bus to the parent's. */
  join(bus: MessageBus): void;
  /** Begins to answer the parent, which counts the worker as running from then on. */
  ready(answers: WorkerAnswers): void;
  /** Prometheus text of all workers. */
  allMetrics(): Promise<string>;
  /** What is wrong between replicas, as the parent knows it; undefined when nothing is. */
  sharingProblem(): Promise<string | undefined>;
  close(): void;
}

/**
 * Takes a seat at the parent's socket. `orphaned` is called when the parent is gone: the worker must end at once, since its
 * successor listens on the same port. Rejects with AppError `unavailable`.
 */
export async function takeSeat(socketPath: string, number: number, orphaned: () => void): Promise<Seat> {
  let bus: MessageBus | undefined;
  let answers: WorkerAnswers | undefined;
  const link: Link = { send: (envelope) => channel.note("bus", envelope) };
  const channel = new Channel({
    note(name, body) {
      const message = name === "bus" ? readEnvelope(body) : undefined;
      if (message) bus?.receive(message, link);
    },
    async ask(name) {
      if (!answers) throw new AppError("unavailable", "the worker is starting");
      if (name === "metrics") return answers.metrics();
      if (name === "status") return { connections: answers.connections() };
      throw new AppError("not_found", `workers know no ${name}`);
    },
    dropped: () => dropped(),
    closed: orphaned,
  });
  let dropped = (): void => {};
  try {
    await Bun.connect<Channel>({ unix: socketPath, data: channel, socket: Channel.socketHandler });
  } catch (cause) {
    throw new AppError("unavailable", "The Console that started this worker is not there.", { cause });
  }
  const boot = unpackBoot<Boot>(await channel.ask("hello", { number, pid: process.pid }));
  return {
    boot,
    limits: {
      charge: async (key, perMinute, mode, count) => {
        const left = await channel.ask<unknown>("limit", [key, perMinute, mode, count]).catch(() => undefined);
        return typeof left === "number" ? left : undefined;
      },
    },
    join(own) {
      bus = own;
      dropped = own.dropped;
      own.attach(link);
    },
    ready(given) {
      answers = given;
      channel.note("ready", null);
    },
    allMetrics: () => channel.ask("metrics"),
    sharingProblem: async () => (await channel.ask<string | null>("sharing")) ?? undefined,
    close: () => channel.close(),
  };
}
