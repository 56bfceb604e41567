import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { manifest } from "../../../embed/manifest.ts";
import { chooseAccounts } from "../../console/embedded/account.ts";
import { startEmbeddedClickHouse } from "../../console/embedded/clickhouse.ts";
import { findPrograms } from "../../console/embedded/programs.ts";
import { connectClickHouse, openClickHouse } from "../../console/stores/clickhouse.ts";
import type { EventDb } from "../../console/stores/contract.ts";
import { migrateClickHouse } from "../../console/stores/migrate-clickhouse.ts";
import { parseMigrations } from "../../console/stores/migrations.ts";
import { systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";

export interface Scratch extends AsyncDisposable {
  readonly dir: string;
  readonly events: EventDb;
  /** For what the Console itself never does: generating rows. */
  readonly client: ClickHouseClient;
}

/** An event store of our own engine, migrated: in `kept`, where it stays, or else in a new directory of `parent`, gone afterwards. */
export async function openScratch(parent: string, kept?: string): Promise<Scratch> {
  const dir = kept ?? (await mkdtemp(join(parent, "telovix-bench-")));
  await mkdir(dir, { recursive: true });
  // The engine does not run as root, and must be able to enter.
  await chmod(dir, 0o755);
  const accounts = await chooseAccounts(process.getuid?.() ?? 0);
  const programs = await findPrograms(dir);
  const account = accounts?.server;
  const server = await startEmbeddedClickHouse({ dataDir: dir, programs, account, clock: systemClock, log: silentLog });
  const client = connectClickHouse(server.target);
  await migrateClickHouse(client, parseMigrations(manifest.clickhouseMigrations), silentLog);
  const events = await openClickHouse(server.target, silentLog, new Metrics());
  return {
    dir,
    events,
    client,
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]();
      await client.close();
      await server[Symbol.asyncDispose]();
      if (kept === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
