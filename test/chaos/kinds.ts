import { hasKafka } from "../harness/kafka.ts";
import { hasRedis } from "../harness/redis.ts";

/** A kind of installation that faults are tried on. */
export interface Kind {
  readonly name: string;
  readonly workers: number;
  readonly redis: boolean;
  readonly kafka: boolean;
  /** Something it needs is not on this host. */
  readonly lacks: string | undefined;
}

const noRedis = (await hasRedis("chaos with workers and Redis")) ? undefined : "redis-server";

export const KINDS: readonly Kind[] = [
  { name: "one process", workers: 1, redis: false, kafka: false, lacks: undefined },
  { name: "workers and Redis", workers: 2, redis: true, kafka: false, lacks: noRedis },
  { name: "Kafka", workers: 2, redis: false, kafka: true, lacks: hasKafka ? undefined : "a Kafka broker" },
];
