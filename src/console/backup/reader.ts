import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { AppError } from "../../core/error.ts";
import { checkEnd, checkHeader, checkManifest, checkStart, FORMAT } from "./manifest.ts";
import type { EntryEnd, EntryStart, Header, Manifest } from "./manifest.ts";
import { deriveKey, keySeal, plainSeal, type Seal } from "./seal.ts";
import { headBytes, KIND, MAGIC } from "./writer.ts";

const MAX_HEADER_BYTES = 64 * 1024;
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const MAX_PIECE_BYTES = 64 * 1024 * 1024;

/** A backup, piece by piece, in the order it was written. The manifest comes last and means that all before it is whole. */
export type Piece =
  | { readonly kind: "header"; readonly header: Header }
  | { readonly kind: "start"; readonly entry: EntryStart }
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "end"; readonly entry: EntryEnd }
  | { readonly kind: "manifest"; readonly manifest: Manifest };

function damaged(what: string): AppError {
  return new AppError("invalid_request", `the backup is damaged: ${what}`, {
    hint: "Use another copy of the backup; a damaged one is not restored in part.",
  });
}

async function read(file: FileHandle, length: number, what: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at);
    if (bytesRead === 0) throw damaged(`it ends within ${what}`);
    at += bytesRead;
  }
  return bytes;
}

function parse<T>(bytes: Buffer, check: { parse(value: unknown): T }, what: string): T {
  try {
    return check.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    if (cause instanceof AppError && what === "its header") throw cause;
    throw damaged(`${what} cannot be read`);
  }
}

async function readHeader(file: FileHandle): Promise<{ header: Header; head: Buffer }> {
  const fixed = await read(file, MAGIC.length + 4, "its header").catch(() => Buffer.alloc(MAGIC.length + 4));
  if (!fixed.subarray(0, MAGIC.length).equals(MAGIC))
    throw new AppError("invalid_request", "this is no backup of a Telovix Console, or its first bytes are damaged", {
      hint: "Name a file that 'telovix console backup' has written.",
    });
  const length = fixed.readUInt32LE(MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw damaged("its header is too long");
  const text = await read(file, length, "its header");
  const { format } = parse(text, { parse: (value) => (value ?? {}) as { format?: unknown } }, "its header ");
  if (typeof format === "number" && format > FORMAT)
    throw new AppError(
      "conflict",
      `the backup was written by a newer version (its format is ${format}, ours ${FORMAT})`,
      {
        hint: "Restore it with a telovix at least as new as the one that wrote it.",
      },
    );
  return { header: parse(text, checkHeader, "its header "), head: Buffer.concat([fixed, text]) };
}

async function sealFor(header: Header, head: Buffer, passphrase: string | undefined): Promise<Seal> {
  if (!header.encryption) return plainSeal(head);
  if (passphrase === undefined)
    throw new AppError("invalid_request", "the backup is encrypted", {
      hint: "Give its passphrase with --passphrase-file.",
    });
  const key = await deriveKey(passphrase, header.encryption).catch(() => undefined);
  if (!key) throw damaged("its header names no way to its key");
  return keySeal(head, key);
}

/** Reads a backup and checks all of it on the way. Throws AppError `invalid_request` (damaged, wrong passphrase) or `conflict` (newer). */
export async function* readBackup(path: string, passphrase: string | undefined): AsyncGenerator<Piece> {
  const file = await open(path, "r");
  try {
    const { header, head } = await readHeader(file);
    if (!headBytes(header).equals(head)) throw damaged("its header is not as it was written");
    yield { kind: "header", header };
    yield* readFrames(file, await sealFor(header, head, passphrase));
  } finally {
    await file.close();
  }
}

async function* readFrames(file: FileHandle, seal: Seal): AsyncGenerator<Piece> {
  const entries: EntryEnd[] = [];
  let open: { name: string; bytes: number; hash: Hash } | undefined;
  for (;;) {
    const length = (await read(file, 4, "a part")).readUInt32LE();
    if (length === 0 || length > MAX_FRAME_BYTES) throw damaged("a part has a wrong length");
    const payload = seal.open(await read(file, length, "a part"));
    const data = payload.subarray(1);
    switch (payload[0] ?? 0) {
      case KIND.start: {
        const entry = parse(data, checkStart, "the beginning of an entry");
        if (open) throw damaged("an entry begins within another");
        open = { name: entry.name, bytes: 0, hash: createHash("sha256") };
        yield { kind: "start", entry };
        break;
      }
      case KIND.data: {
        if (!open) throw damaged("data without an entry");
        const bytes = zstdDecompressSync(data, { maxOutputLength: MAX_PIECE_BYTES });
        open.hash.update(bytes);
        open.bytes += bytes.length;
        yield { kind: "data", bytes };
        break;
      }
      case KIND.end: {
        const entry = parse(data, checkEnd, "the end of an entry");
        if (open?.name !== entry.name || open.bytes !== entry.bytes || open.hash.digest("hex") !== entry.sha256)
          throw damaged(`${entry.name} is not what was written`);
        open = undefined;
        entries.push(entry);
        yield { kind: "end", entry };
        break;
      }
      case KIND.manifest: {
        const manifest = parse(data, checkManifest, "its manifest");
        const rest = await file.read(Buffer.alloc(1), 0, 1);
        if (open || rest.bytesRead > 0 || JSON.stringify(manifest.entries) !== JSON.stringify(entries))
          throw damaged("its manifest does not fit what is in it");
        yield { kind: "manifest", manifest };
        return;
      }
      default:
        throw damaged("a part of an unknown kind");
    }
  }
}
