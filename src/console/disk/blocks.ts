import { randomFill } from "node:crypto";
import { open } from "node:fs/promises";
import { promisify } from "node:util";

const PIECE_BYTES = 1024 * 1024;
const fillRandom = promisify(randomFill);

/**
 * Makes a file so much longer, in blocks that are really taken: written, since a hole holds nothing back, and random, since file systems
 * compress or share what repeats. Each piece is flushed, so that nobody's own flush has to wait for all of them. `like` (uid, gid) is
 * whose quota it counts in. Ends early with the signal; rejects with the system's error, and what was written until then stays.
 */
export async function appendBlocks(
  path: string,
  bytes: number,
  {
    like,
    signal,
  }: { readonly like?: { readonly uid: number; readonly gid: number }; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const file = await open(path, "a", 0o600);
  try {
    if (like) await file.chown(like.uid, like.gid);
    for (let left = bytes; left > 0 && !signal?.aborted; left -= PIECE_BYTES) {
      await fillRandom(piece);
      await file.writeFile(piece.subarray(0, left));
      await file.datasync();
    }
  } finally {
    await file.close();
  }
}
