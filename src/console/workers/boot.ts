import { Secret } from "../../core/log.ts";
import type { ConsoleConfig } from "../config.ts";
import type { ClickHouseTarget } from "../stores/clickhouse.ts";
import type { PostgresTarget } from "../stores/postgres.ts";

/** What a worker is told by its parent before it begins; it reads no configuration of its own. */
export interface Boot {
  readonly config: ConsoleConfig;
  /** Where to listen, beside the other workers. */
  readonly host: string;
  readonly port: number;
  readonly replica: string;
  readonly number: number;
  /** Connections to PostgreSQL that this process may have. */
  readonly maxConnections: number;
  readonly postgres: PostgresTarget;
  readonly clickhouse: ClickHouseTarget;
}

const SECRET = "$secret";

/** Plain values for the socket between parent and worker: the only place where secrets leave their wrapping. */
export function packBoot(value: unknown): unknown {
  if (value instanceof Secret) return { [SECRET]: value.reveal() };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(packBoot);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, packBoot(part)]));
}

/** The other way round, frozen. */
export function unpackBoot<T>(value: unknown): T {
  if (typeof value !== "object" || value === null) return value as T;
  if (Array.isArray(value)) return Object.freeze(value.map((part) => unpackBoot(part))) as T;
  const secret = (value as Record<string, unknown>)[SECRET];
  if (typeof secret === "string") return new Secret(secret) as T;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([k, part]) => [k, unpackBoot(part)]))) as T;
}
