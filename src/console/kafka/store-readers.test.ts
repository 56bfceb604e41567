import { expect, test } from "bun:test";
import { ClickHouseError, type ClickHouseClient } from "@clickhouse/client";
import { createLog, Secret } from "../../core/log.ts";
import { partsOf } from "./store-reader-parts.ts";
import { attachQueue } from "./store-readers.ts";
import { parseKafkaUrl } from "./target.ts";
import { QUEUED_TABLES } from "./topics.ts";

/** A server whose readers are whole, and which answers the question about parts it has put aside with an error. */
function serverThatSays(code: string): ClickHouseClient {
  const rows = (query: string): unknown[] => {
    if (query.includes("system.detached_parts"))
      throw new ClickHouseError({ message: "no", code, type: "SOME", query_id: "" } as never);
    if (query.includes("AS secs")) return [{ database: "d", n: 2, secs: 1 }];
    if (query.includes("system.columns")) return [{ name: "seq", type: "UInt64" }];
    if (query.includes("system.detached_tables")) return [];
    if (query.includes("system.tables"))
      return QUEUED_TABLES.flatMap(partsOf).map((name) => ({ name, engine: "Kafka", comment: "" }));
    return [{ name: "d" }];
  };
  return { query: async ({ query }: { query: string }) => ({ json: async () => rows(query) }) } as never;
}

const target = parseKafkaUrl(new Secret("kafka://127.0.0.1:9092"));

async function attached(code: string): Promise<string[]> {
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const options = { exclusively: async () => {}, fit: true, rewind: async () => {} };
  await attachQueue(serverThatSays(code), target, log, options as never);
  return lines;
}

test("a server that does not say which parts it has put aside is read by all the same, and that is said", async () => {
  for (const code of ["47", "497"])
    expect((await attached(code)).join("\n")).toContain("does not say which parts it has put aside");
});

test("one that fails otherwise is no such server", async () => {
  expect(await attached("241").catch((error: ClickHouseError) => error.code)).toBe("241");
});
