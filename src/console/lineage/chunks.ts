/** Parameters travel in a URL, and servers take one of 16 kB at most, escapes and all: so much of it may be ids. */
const MAX_URL_CHARS = 10_000;

/** Ids in groups that each fit a query's URL; an id alone always does. */
export function chunksOf(ids: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let room = 0;
  for (const id of ids) {
    // Quotation marks and a comma of three characters each stand around it.
    const size = encodeURIComponent(id).length + 9;
    if (size > room || chunks.length === 0) {
      chunks.push([]);
      room = MAX_URL_CHARS;
    }
    chunks.at(-1)!.push(id);
    room -= size;
  }
  return chunks;
}

/** Runs a query on each group of ids, at once, and joins the answers. */
export async function inChunks<T>(ids: readonly string[], ask: (chunk: string[]) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(chunksOf(ids).map(ask))).flat();
}
