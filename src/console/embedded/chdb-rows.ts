import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { randomHex } from "../../core/ids.ts";
import type { ChdbAddon, ChdbConnection } from "./chdb.ts";
import { ClickHouseException } from "./chdb-request.ts";
import { literal } from "../stores/ddl.ts";

/** The statement and its format, apart. */
const INSERT = /^\s*(INSERT\s+INTO\s[\s\S]*?)\s+FORMAT\s+(\w+)\s*$/i;

/**
 * Runs an INSERT … FORMAT with its rows. Behind a statement the engine reads rows as its shell does, where an empty line ends them
 * and what follows is the next statement; from a file it takes any bytes, binary formats too, and several times faster. The file
 * has no name by the time it is written, so that nothing is left of it however this process ends, and it never lives long enough
 * to be written to the disk. All rows go in or none.
 */
export async function insertRows(
  addon: ChdbAddon,
  connection: ChdbConnection,
  sql: string,
  rows: Uint8Array,
  dir: string,
): Promise<void> {
  const [, insert, format] = INSERT.exec(sql) ?? [];
  if (insert === undefined || format === undefined)
    throw new ClickHouseException(62, "SYNTAX_ERROR", "Only INSERT INTO … FORMAT … takes rows");
  const path = join(dir, `rows-${randomHex(8)}`);
  const file = await open(path, "wx+", 0o600).catch((error: unknown) => {
    throw diskError(error);
  });
  try {
    await unlink(path);
    await file.writeFile(rows).catch((error: unknown) => {
      throw diskError(error);
    });
    const from = `${insert} FROM INFILE ${literal(`/proc/self/fd/${file.fd}`)} FORMAT ${format}`;
    await addon.QueryAsyncConnection(connection, from, "TabSeparated");
  } finally {
    await file.close();
  }
}

/** In the engine's own words, so that a full disk is told from rows that do not fit. */
function diskError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ENOSPC" || code === "EDQUOT")
    return new ClickHouseException(243, "NOT_ENOUGH_SPACE", `No space for the rows of an INSERT: ${message}`);
  return error;
}
