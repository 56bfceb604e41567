import { createReadStream, createWriteStream } from "node:fs";
import { once as event } from "node:events";
import { chmod, rename, stat } from "node:fs/promises";
import { encodeTrailer } from "../../src/core/payload/trailer.ts";
import { hashInputs, once } from "./stamp.ts";

/** Puts head, payload and trailer into one file. */
export async function joinFile(head: string, payload: string, outfile: string): Promise<void> {
  const draft = `${outfile}.${process.pid}.new`;
  const output = createWriteStream(draft);
  const hasher = new Bun.CryptoHasher("sha256");
  const copy = async (file: string, seen: (chunk: Uint8Array) => void): Promise<void> => {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      seen(chunk);
      if (!output.write(chunk)) await event(output, "drain");
    }
  };
  await copy(head, () => {});
  await copy(payload, (chunk) => hasher.update(chunk));
  const [{ size: offset }, { size: length }] = await Promise.all([stat(head), stat(payload)]);
  output.end(encodeTrailer({ offset, length, sha256: hasher.digest("hex") }));
  await event(output, "close");
  await chmod(draft, 0o755);
  await rename(draft, outfile);
}

/** The whole file, unless head and payload are those of the last time. */
export async function buildWhole(head: string, payload: string, outfile: string): Promise<void> {
  const key = await hashInputs([head, payload], [outfile], { byStat: true });
  await once("whole", key, [outfile], () => joinFile(head, payload, outfile));
}
