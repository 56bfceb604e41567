/** The same bytes in pieces of about `size`, each ending with a line. */
export async function* wholeLines(data: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of data) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < size) continue;
    const all = Buffer.concat(pieces);
    const end = all.lastIndexOf(0x0a) + 1;
    if (end > 0) yield all.subarray(0, end);
    pieces = [all.subarray(end)];
    bytes = all.length - end;
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}
