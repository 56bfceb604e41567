import type { OwnExecutable } from "./executable.ts";

/** The head: code of both roles without the databases; what a node downloads. */
export interface Head {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The head's bytes, from the start; each call is a new read. */
  stream(): ReadableStream<Uint8Array>;
}

/** The head of an executable, hashed once. */
export async function readHead({ file, headBytes }: OwnExecutable): Promise<Head> {
  const slice = (): Blob => Bun.file(file).slice(0, headBytes);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of slice().stream()) hasher.update(chunk);
  return { sizeBytes: headBytes, sha256: hasher.digest("hex"), stream: () => slice().stream() };
}
