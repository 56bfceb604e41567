import type { Clock } from "../../core/clock.ts";
import { randomHex } from "../../core/ids.ts";
import type { Log, Secret } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Dependency } from "../http/readiness.ts";
import type { Db } from "../stores/contract.ts";
import { MessageBus } from "./bus.ts";
import type { SharedLimits } from "./contract.ts";
import { RedisLink } from "./redis.ts";
import { findInstallationId } from "./store.ts";

/** What a worker shares by way of its parent. */
interface ParentSeat {
  readonly boot: { readonly replica: string; readonly number: number };
  readonly limits: SharedLimits;
  join(bus: MessageBus): void;
  sharingProblem(): Promise<string | undefined>;
}

export interface SharingDeps {
  readonly db: Db;
  readonly redisUrl: Secret | undefined;
  /** Of a worker; the parent speaks with Redis for it. */
  readonly seat: ParentSeat | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How this process is joined to the others of its installation. */
export interface Sharing {
  readonly bus: MessageBus;
  /** Undefined where each process counts for itself. */
  readonly limits: SharedLimits | undefined;
  /** In the order to start them. */
  readonly services: readonly Service[];
  readonly dependencies: readonly Dependency[];
  /** Why replicas do not hear each other right now. */
  problem(): string | undefined;
}

/** Joins a process to its parent, or to other replicas through Redis, or to nobody. */
export async function createSharing(deps: SharingDeps): Promise<Sharing> {
  const { db, redisUrl, seat, clock, log, metrics } = deps;
  const self = seat ? `${seat.boot.replica}/${seat.boot.number}` : `${randomHex(6)}/0`;
  const bus = new MessageBus({ self, clock, log, metrics });
  const redisDependency = (ping: () => Promise<void>): Dependency => ({
    name: "redis",
    ping,
    optional: true,
    state: () => ({ runs: "external" }),
    action:
      "Sensors and events are not affected: limits and live views are each host's own until it answers. Check the server that --redis-url names.",
  });
  if (seat) {
    seat.join(bus);
    const ping = async (): Promise<void> => {
      const problem = await seat.sharingProblem();
      if (problem !== undefined) throw new Error(problem);
    };
    return {
      bus,
      limits: seat.limits,
      services: [bus],
      dependencies: redisUrl ? [redisDependency(ping)] : [],
      problem: () => undefined,
    };
  }
  if (!redisUrl) return { bus, limits: undefined, services: [bus], dependencies: [], problem: () => undefined };
  const prefix = `telovix:${(await findInstallationId(db)).replaceAll("-", "")}`;
  const redis = new RedisLink(bus, { url: redisUrl, prefix, clock, log, metrics });
  return {
    bus,
    limits: redis,
    // Stopped in reverse: goodbye is said while there is a way for it.
    services: [redis, bus],
    dependencies: [redisDependency(() => redis.ping())],
    problem: () => redis.problem,
  };
}
