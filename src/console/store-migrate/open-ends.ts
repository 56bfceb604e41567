import { access } from "node:fs/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Sql } from "postgres";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Secret } from "../../core/log.ts";
import { dataPath, type ConsoleConfig } from "../config.ts";
import { clickhouseTarget, postgresTarget, prepareEmbedded, type StoresDeps } from "../open-stores.ts";
import { connectClickHouse, openClickHouse, type ClickHouseTarget } from "../stores/clickhouse.ts";
import { migrateClickHouse } from "../stores/migrate-clickhouse.ts";
import { migratePostgres } from "../stores/migrate-postgres.ts";
import { parseMigrations, type Migration } from "../stores/migrations.ts";
import { connectPostgres, openPostgres, type PostgresTarget } from "../stores/postgres.ts";
import type { EventEnds } from "./copy-events.ts";
import type { StateEnds } from "./copy-state.ts";

/** An open PostgreSQL of the Console, checked, and migrated by these files if any are given. */
export async function openState(
  target: PostgresTarget,
  deps: StoresDeps,
  migrations?: readonly Migration[],
): Promise<Sql> {
  const checked = await openPostgres(target, deps.log, deps.metrics, { maxConnections: 1 });
  await checked[Symbol.asyncDispose]();
  const sql = connectPostgres(target, { maxConnections: 2 });
  deps.stack.add("state", () => sql.end({ timeout: 5 }));
  if (migrations) await migratePostgres(sql, migrations, deps.log);
  return sql;
}

/** An open ClickHouse of the Console, checked, and migrated by these files if any are given. */
export async function openEvents(
  target: ClickHouseTarget,
  deps: StoresDeps,
  migrations?: readonly Migration[],
): Promise<ClickHouseClient> {
  const checked = await openClickHouse(target, deps.log, deps.metrics);
  await checked[Symbol.asyncDispose]();
  const client = connectClickHouse(target);
  deps.stack.add("events", () => client.close());
  if (migrations) await migrateClickHouse(client, migrations, deps.log);
  return client;
}

/** A store in words, without its password. */
export function nameOf(url: Secret | undefined, dataDir: string): string {
  if (!url) return `embedded in ${dataDir}`;
  const { protocol, host, pathname } = new URL(url.reveal());
  return `${protocol}//${host}${pathname}`;
}

async function assertConsoleDir(config: ConsoleConfig): Promise<void> {
  await access(dataPath(config, "trust")).catch(() => {
    throw new AppError("not_found", `there is no Console in ${config.dataDir}`, {
      hint: "Name its directory with --data-dir.",
    });
  });
}

function assertOther(what: string, from: Secret | undefined, to: Secret): void {
  const place = (url: Secret): string => nameOf(url, "");
  if (from && place(from) === place(to))
    throw new AppError("conflict", `the Console already works on that ${what}`, {
      hint: "Name another database: the copy goes from the one in its configuration to the one in the flags.",
    });
}

export interface Ends {
  readonly state: StateEnds | undefined;
  readonly events: EventEnds | undefined;
}

/**
 * Opens what is to be copied, and where to, both at the newest schema. The embedded servers are started for it, which fails with
 * AppError `conflict` while a Console runs on them.
 */
export async function openEnds(
  deps: StoresDeps,
  to: { readonly postgresUrl?: Secret | undefined; readonly clickhouseUrl?: Secret | undefined },
): Promise<Ends> {
  const { config, clock } = deps;
  await assertConsoleDir(config);
  const accounts = await prepareEmbedded(config);
  const newest = {
    state: parseMigrations(deps.postgresMigrations),
    events: parseMigrations(deps.clickhouseMigrations),
  };
  let state: StateEnds | undefined;
  let events: EventEnds | undefined;
  try {
    if (to.postgresUrl) {
      assertOther("PostgreSQL", config.postgresUrl, to.postgresUrl);
      const target = await openState({ url: to.postgresUrl }, deps, newest.state);
      const source = await openState((await postgresTarget(deps, accounts)).target, deps, newest.state);
      state = { source, target, sourceName: nameOf(config.postgresUrl, config.dataDir) };
    }
    if (to.clickhouseUrl) {
      assertOther("ClickHouse", config.clickhouseUrl, to.clickhouseUrl);
      const target = await openEvents({ url: to.clickhouseUrl }, deps, newest.events);
      const source = await openEvents((await clickhouseTarget(deps, accounts)).target, deps, newest.events);
      events = { source, target, sourceName: nameOf(config.clickhouseUrl, config.dataDir), nowMs: clock.nowMs() };
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("unavailable", `a store could not be opened: ${errorMessage(cause).split("\n")[0]!}`, {
      cause,
      hint: "Check the address, the role's rights (it must own its database) and the space on that server's disk.",
    });
  }
  return { state, events };
}
