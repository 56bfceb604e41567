import type { Secret } from "../../core/log.ts";

/** Where ClickHouse is: a URL (`http(s)://user:password@host:8123/database`), or the Unix socket of the embedded one. */
export type ClickHouseTarget = { readonly url: Secret } | { readonly socketPath: string; readonly database: string };
