import { once as event } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { writeTar, type TarSource } from "../../src/core/payload/tar-write.ts";
import { zstdCompressor } from "../../src/core/payload/zstd.ts";

/** Writes entries as a zstd tar; whole or not at all. */
export async function writeArchive(file: string, entries: readonly TarSource[], level: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  const compressor = zstdCompressor(level);
  const output = compressor.pipe(createWriteStream(draft));
  for await (const chunk of writeTar(entries)) if (!compressor.write(chunk)) await event(compressor, "drain");
  compressor.end();
  await event(output, "close");
  await rename(draft, file);
}
