import { readBackup, type Piece } from "./reader.ts";

/** An entry of a backup; `data` must be read to its end before the next entry is asked for. */
export interface Entry {
  readonly name: string;
  readonly columns: readonly string[];
  readonly mode: number;
  readonly data: AsyncGenerator<Buffer>;
}

async function* dataOf(pieces: AsyncGenerator<Piece>): AsyncGenerator<Buffer> {
  for (let step = await pieces.next(); !step.done && step.value.kind !== "end"; step = await pieces.next())
    if (step.value.kind === "data") yield step.value.bytes;
}

/** Entries of one part of a backup, in their order. */
export async function* entriesOf(
  path: string,
  passphrase: string | undefined,
  part: "trust" | "state" | "events",
): AsyncGenerator<Entry> {
  const pieces = readBackup(path, passphrase);
  try {
    for (let step = await pieces.next(); !step.done; step = await pieces.next()) {
      if (step.value.kind !== "start" || !step.value.entry.name.startsWith(`${part}/`)) continue;
      const { name, columns = [], mode = 0o600 } = step.value.entry;
      const data = dataOf(pieces);
      yield { name, columns, mode, data };
    }
  } finally {
    await pieces.return(undefined);
  }
}

/** Lines of a stream of bytes, without their ends. */
export async function* linesOf(data: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of data) {
    const all = Buffer.concat([rest, bytes]);
    let from = 0;
    for (let at = all.indexOf(0x0a); at >= 0; at = all.indexOf(0x0a, from)) {
      yield all.toString("utf8", from, at);
      from = at + 1;
    }
    rest = Buffer.from(all.subarray(from));
  }
}
