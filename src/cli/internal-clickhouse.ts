import { runClickhouseChild } from "../console/embedded/clickhouse-child.ts";
import { EXIT, type Call } from "./command.ts";

/** `telovix internal clickhouse`: the child that holds the ClickHouse engine. */
export async function run(call: Call): Promise<number> {
  await runClickhouseChild(call.args, call.signal);
  return EXIT.ok;
}
