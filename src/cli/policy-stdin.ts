/** What a message calls the text that another command wrote, as compilers do. */
const NAME = "<stdin>";

/** Whether a file is what another command writes: `helm template … | telovix policy check -`. */
export function isStdin(path: string): boolean {
  return path === "-" || path === "/dev/stdin";
}

/** What a file is called in a message. */
export function shownName(path: string): string {
  return isStdin(path) ? NAME : path;
}

/** Standard input to its end; of more than `maxBytes` the beginning, which is longer than that. */
export async function readStdin(
  maxBytes: number,
  from: AsyncIterable<Uint8Array> = Bun.stdin.stream(),
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of from) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
