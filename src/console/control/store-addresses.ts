import { Secret } from "../../core/log.ts";
import type { ClickHouseTarget } from "../stores/clickhouse.ts";
import type { PostgresTarget } from "../stores/postgres.ts";

/** Where a running Console's stores are. */
export interface StoreTargets {
  readonly postgres: PostgresTarget;
  readonly clickhouse: ClickHouseTarget;
}

/** The same as it goes over the control socket, passwords included: whoever may open the socket can read them on the disk too. */
export interface StoreAddresses {
  readonly postgres:
    | { readonly url: string }
    | { readonly socketDir: string; readonly user: string; readonly password: string; readonly database: string };
  readonly clickhouse: { readonly url: string } | { readonly socketPath: string; readonly database: string };
}

export function toAddresses({ postgres, clickhouse }: StoreTargets): StoreAddresses {
  return {
    postgres:
      "url" in postgres ? { url: postgres.url.reveal() } : { ...postgres, password: postgres.password.reveal() },
    clickhouse: "url" in clickhouse ? { url: clickhouse.url.reveal() } : clickhouse,
  };
}

export function fromAddresses({ postgres, clickhouse }: StoreAddresses): StoreTargets {
  return {
    postgres:
      "url" in postgres ? { url: new Secret(postgres.url) } : { ...postgres, password: new Secret(postgres.password) },
    clickhouse: "url" in clickhouse ? { url: new Secret(clickhouse.url) } : clickhouse,
  };
}
