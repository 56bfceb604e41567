import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectClickHouse } from "../src/console/stores/clickhouse.ts";
import { migrateClickHouse } from "../src/console/stores/migrate-clickhouse.ts";
import { migratePostgres } from "../src/console/stores/migrate-postgres.ts";
import { connectPostgres } from "../src/console/stores/postgres.ts";
import { silentLog } from "../src/core/log.ts";
import { emptyClickHouse, emptyPostgres, testMigrations } from "../test/harness/databases.ts";
import { closeServers, REPOSITORY } from "../test/harness/servers.ts";
import { clickhouseSchemaText, postgresSchemaText } from "./schema-text.ts";

// Migrates empty databases of the real servers and writes what they then look like to sql/*/schema.sql.
try {
  const sql = connectPostgres(await emptyPostgres(), { maxConnections: 1 });
  await migratePostgres(sql, await testMigrations("postgres"), silentLog);
  await writeFile(join(REPOSITORY, "sql/postgres/schema.sql"), await postgresSchemaText(sql));
  await sql.end();
  const client = connectClickHouse(await emptyClickHouse());
  await migrateClickHouse(client, await testMigrations("clickhouse"), silentLog);
  await writeFile(join(REPOSITORY, "sql/clickhouse/schema.sql"), await clickhouseSchemaText(client));
  await client.close();
} finally {
  await closeServers();
}
process.exit(0);
