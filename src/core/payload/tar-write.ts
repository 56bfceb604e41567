import { createReadStream } from "node:fs";
import { encodeTarHeader, TAR_BLOCK, tarPadding, type TarEntry } from "./tar-format.ts";

/** An entry and where its bytes are on disk (files only). */
export interface TarSource extends TarEntry {
  readonly source: string | undefined;
}

/** The bytes of an archive, entries in the order given. */
export async function* writeTar(entries: Iterable<TarSource>): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield encodeTarHeader(entry);
    if (entry.type !== "file" || entry.source === undefined) continue;
    let written = 0;
    for await (const chunk of createReadStream(entry.source, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== entry.sizeBytes) throw new Error(`${entry.source} changed while it was read`);
    const padding = tarPadding(written);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(2 * TAR_BLOCK);
}
