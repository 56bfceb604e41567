import { parseError } from "@clickhouse/client";
import type { ClickHouseTarget } from "./clickhouse-target.ts";

/** Sends rows in a binary format behind their INSERT. Rejects with ClickHouseError, or as `fetch` does. */
export type BlockInsert = (statement: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<void>;

/** Longest part of an error that is read. */
const MAX_ERROR_CHARS = 4_096;

/**
 * The way of large blocks: past the driver, whose streams cost more per byte than the engine's own work on it. Says to the server
 * what the driver says.
 */
export function createBlockInsert(target: ClickHouseTarget): BlockInsert {
  const url = new URL("url" in target ? target.url.reveal() : "http://embedded.invalid");
  const database = "url" in target ? decodeURIComponent(url.pathname.slice(1)) : target.database;
  const headers: Record<string, string> = { "user-agent": "telovix", "content-type": "application/octet-stream" };
  if (url.username || url.password) {
    const [user, password] = [decodeURIComponent(url.username || "default"), decodeURIComponent(url.password)];
    headers["authorization"] = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  url.username = url.password = "";
  url.pathname = "/";
  if (database) url.searchParams.set("database", database);
  url.searchParams.set("async_insert", "0");
  if (!("url" in target)) {
    // A quarter of what an insert costs the engine; merges make the indexes, and a small part without them is soon read.
    url.searchParams.set("materialize_skip_indexes_on_insert", "0");
    // Another quarter: no insert holds an event twice, and what came twice in two inserts merges and FINAL put right.
    url.searchParams.set("optimize_on_insert", "0");
  }
  const socket = "url" in target ? {} : { unix: target.socketPath };
  return async (statement, body, signal) => {
    const address = new URL(url);
    address.searchParams.set("query", statement);
    const answer = await fetch(address, { method: "POST", body, headers, signal, redirect: "error", ...socket });
    const text = await answer.text();
    // An error after the head of the answer stands in a header or in its body, with a status of 200.
    if (!answer.ok || answer.headers.has("x-clickhouse-exception-code") || /^Code: \d+\. DB::/m.test(text))
      throw parseError(text.slice(0, MAX_ERROR_CHARS));
  };
}
