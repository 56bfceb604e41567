import { chooseAccounts } from "../../src/console/embedded/account.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "../../src/console/embedded/clickhouse.ts";
import { developmentPrograms } from "../../src/console/embedded/development.ts";
import { connectClickHouse, openClickHouse } from "../../src/console/stores/clickhouse.ts";
import type { EventAdmin, EventDb } from "../../src/console/stores/contract.ts";
import { migrateClickHouse } from "../../src/console/stores/migrate-clickhouse.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { testMigrations } from "./databases.ts";

/** An engine of the test's own on a directory, under the account that a Console would give it. */
export async function startEventEngine(dataDir: string): Promise<EmbeddedClickHouse> {
  const account = (await chooseAccounts(process.getuid?.() ?? 0))?.server;
  const programs = developmentPrograms();
  return startEmbeddedClickHouse({ dataDir, programs, account, clock: systemClock, log: silentLog });
}

export interface MigratedEngine extends AsyncDisposable {
  readonly engine: EmbeddedClickHouse;
  readonly events: EventDb & EventAdmin;
  /** The directory with the parts of runtime_events. */
  readonly table: string;
}

/** The same with our tables in it, for tests that look at their files. */
export async function startMigratedEngine(dataDir: string): Promise<MigratedEngine> {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await startEventEngine(dataDir));
  const client = connectClickHouse(engine.target);
  await migrateClickHouse(client, await testMigrations("clickhouse"), silentLog);
  await client.close();
  const events = stack.use(await openClickHouse(engine.target, silentLog, new Metrics()));
  const [found] = await events.selectSystem<{ path: string }>(
    "SELECT arrayElement(data_paths, 1) AS path FROM system.tables WHERE name = 'runtime_events'",
  );
  const kept = stack.move();
  return { engine, events, table: found!.path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
