import { type BlockWriter, uuidBytes, writeDictionaryHead } from "../stores/native-block.ts";
import type { EventOrigin } from "../stores/runtime-event-row.ts";
import type { OriginColumn } from "./column-table.ts";

/** Rows of one origin behind each other in a block. */
export interface Run {
  readonly origin: EventOrigin;
  readonly ingestedAtMs: number;
  readonly rows: number;
}

function uuids(writer: BlockWriter, runs: readonly Run[], of: (origin: EventOrigin) => string): void {
  for (const { origin, rows } of runs) writer.bytes(uuidBytes(of(origin)), rows);
}

function words(writer: BlockWriter, runs: readonly Run[], of: (origin: EventOrigin) => string): void {
  const places = new Map<string, number>();
  for (const { origin } of runs) if (!places.has(of(origin))) places.set(of(origin), places.size);
  const width = writeDictionaryHead(writer, places.size);
  let total = 0;
  for (const word of places.keys()) writer.text(word);
  for (const { rows } of runs) total += rows;
  writer.uint64(total);
  for (const { origin, rows } of runs) {
    const place = places.get(of(origin))!;
    // A block has fewer rows than a place of two bytes can tell apart.
    for (let row = 0; row < rows; row++)
      if (width === 0) writer.uint8(place);
      else writer.uint16(place);
  }
}

/** Writes a column whose values are the Console's own. */
export function writeOriginColumn(writer: BlockWriter, column: OriginColumn, runs: readonly Run[]): void {
  switch (column) {
    case "tenant_id":
      return uuids(writer, runs, (origin) => origin.tenantId);
    case "sensor_id":
      return uuids(writer, runs, (origin) => origin.sensorId);
    case "epoch":
      return words(writer, runs, (origin) => origin.epoch);
    case "node_name":
      return words(writer, runs, (origin) => origin.nodeName);
    case "ingested_at":
      for (const { ingestedAtMs, rows } of runs) for (let row = 0; row < rows; row++) writer.uint64(ingestedAtMs);
  }
}
