import { chmod, mkdir, open, symlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeTarHeader, TAR_BLOCK, tarPadding, type TarEntry } from "./tar-format.ts";

async function place(dir: string, entry: TarEntry): Promise<FileHandle | undefined> {
  const path = join(dir, entry.path);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (entry.type === "directory") {
    await mkdir(path, { recursive: true });
    await chmod(path, entry.mode);
    return undefined;
  }
  if (entry.type === "symlink") {
    await symlink(entry.target, path);
    return undefined;
  }
  // wx: a name that comes twice is refused, and so is writing through a link.
  const file = await open(path, "wx", entry.mode);
  await file.chmod(entry.mode);
  return file;
}

/** A disk that fills up takes less than it was given, and only then none. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/**
 * Unpacks an archive's bytes into an empty directory, streaming. Accepts only what `writeTar` writes: relative paths, files,
 * directories and links that stay inside. Throws on anything else and on an archive that ends early.
 */
export async function extractTar(chunks: AsyncIterable<Uint8Array>, dir: string): Promise<void> {
  const header = new Uint8Array(TAR_BLOCK);
  let filled = 0;
  let file: FileHandle | undefined;
  let body = 0;
  let skip = 0;
  let ended = false;
  const finishFile = async (whole: boolean): Promise<void> => {
    // What a power cut leaves of an unsynced file has its name and size, and none of its bytes.
    if (whole) await file?.sync();
    await file?.close();
    file = undefined;
  };
  try {
    for await (const chunk of chunks) {
      let at = 0;
      while (at < chunk.length && !ended) {
        if (body > 0) {
          const part = chunk.subarray(at, at + body);
          if (file) await writeAll(file, part);
          at += part.length;
          body -= part.length;
          if (body === 0) await finishFile(true);
        } else if (skip > 0) {
          const step = Math.min(skip, chunk.length - at);
          at += step;
          skip -= step;
        } else {
          const part = chunk.subarray(at, at + TAR_BLOCK - filled);
          header.set(part, filled);
          at += part.length;
          filled += part.length;
          if (filled < TAR_BLOCK) break;
          filled = 0;
          const entry = decodeTarHeader(header);
          ended = entry === undefined;
          if (!entry) break;
          file = await place(dir, entry);
          body = entry.type === "file" ? entry.sizeBytes : 0;
          skip = tarPadding(body);
          if (body === 0) await finishFile(true);
        }
      }
    }
  } finally {
    await finishFile(false);
  }
  if (!ended) throw new Error("archive: it ends early");
}
