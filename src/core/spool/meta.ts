import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "../crc32c.ts";

/** Flushes a directory's entries, so that a new, renamed or removed file stays so. */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: after a crash it has the old content or the new one. */
export async function writeFileAtomic(
  dir: string,
  name: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temp = join(dir, `.${name}.tmp`);
  const handle = await open(temp, "w", mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temp, join(dir, name));
  await syncDir(dir);
}

/** The newest segment and the last number it may hold: said on disk before any of its numbers is given out. */
export interface Newest {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** The cursor as kept on disk. */
export interface Meta {
  readonly epoch: string;
  /** Highest acknowledged number. */
  readonly acked: number;
  /** Lowest number that may be given out next, when it was written. */
  readonly next: number;
  /** Undefined when no segment takes appends. */
  readonly newest?: Newest | undefined;
}

export function encodeMeta({ epoch, acked, next, newest }: Meta): string {
  const body = `${epoch} ${acked} ${next}${newest ? ` ${newest.firstSeq} ${newest.lastSeq}` : ""}`;
  return `${body} ${crc32c(new TextEncoder().encode(body)).toString(16)}\n`;
}

/** Inverse of encodeMeta; undefined when the text is damaged. */
export function decodeMeta(text: string): Meta | undefined {
  const match = /^([0-9a-f]{16}) (\d{1,16}) (\d{1,16})(?: (\d{1,16}) (\d{1,16}))? ([0-9a-f]{1,8})\n$/.exec(text);
  if (!match) return undefined;
  const newest = match[4] ? { firstSeq: Number(match[4]), lastSeq: Number(match[5]) } : undefined;
  const meta = { epoch: match[1]!, acked: Number(match[2]), next: Number(match[3]), newest };
  return encodeMeta(meta) === text ? meta : undefined;
}

/** A small text file, undefined when it is not there. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
