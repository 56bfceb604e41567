import { join } from "node:path";
import { ownExecutable } from "../../core/payload/executable.ts";
import { unpackPayload } from "../../core/payload/unpack.ts";
import { isCompiled, selfCommand } from "../../core/self-command.ts";
import { developmentPrograms, type EmbeddedPrograms } from "./development.ts";

const found = new Map<string, Promise<EmbeddedPrograms>>();

async function unpackPrograms(dataDir: string): Promise<EmbeddedPrograms> {
  const dir = await unpackPayload(await ownExecutable(), dataDir);
  return {
    postgresDir: join(dir, "postgres"),
    clickhouseAddon: join(dir, "chdb", "chdb_node.node"),
    clickhouseCommand: selfCommand("internal", "clickhouse"),
  };
}

/**
 * The servers of this installation: from the executable's payload, unpacked into the data directory once; from node_modules when
 * we run from sources. AppError `unavailable` when the executable carries none or a damaged payload.
 */
export function findPrograms(dataDir: string): Promise<EmbeddedPrograms> {
  if (!isCompiled()) return Promise.resolve(developmentPrograms());
  // Both stores ask at the same time; the payload is unpacked for the first of them.
  const known = found.get(dataDir) ?? unpackPrograms(dataDir);
  found.set(dataDir, known);
  return known;
}
