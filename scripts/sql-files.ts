import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export type SqlStore = "postgres" | "clickhouse";

/** The numbered SQL files of a store: file name → text. `schema.sql`, the end state, is not one of them. */
export async function readSqlFiles(root: string, store: SqlStore): Promise<Record<string, string>> {
  const dir = join(root, "sql", store);
  const names = (await readdir(dir)).filter((name) => name.endsWith(".sql") && name !== "schema.sql").toSorted();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), "utf8")] as const)),
  );
}
