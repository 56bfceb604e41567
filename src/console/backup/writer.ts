import { createHash, type Hash } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../core/error.ts";
import type { EntryEnd, EntryStart, Header, Manifest } from "./manifest.ts";
import { deriveKey, keySeal, plainSeal, type Seal } from "./seal.ts";

/** First bytes of every backup. */
export const MAGIC = Buffer.from("TLVXBAK1");
/** What a frame holds, by its first byte. */
export const KIND = { start: 1, data: 2, end: 3, manifest: 4 } as const;

const PIECE_BYTES = 4 * 1024 * 1024;

/** Magic, length and text of a header. */
export function headBytes(header: Header): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([MAGIC, length, text]);
}

/**
 * Writes a backup: a header, entries, a manifest. It grows beside its name and takes it only when it is whole and on disk
 * (mode 600). Dispose of it when it was not finished.
 */
export class BackupWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #seal: Seal;
  readonly entries: EntryEnd[] = [];
  #entry: { name: string; rows: number; bytes: number; hash: Hash } | undefined;
  #pieces: Buffer[] = [];
  #pending = 0;
  #done = false;
  sizeBytes = 0;

  private constructor(file: FileHandle, path: string, seal: Seal) {
    this.#file = file;
    this.#path = path;
    this.#seal = seal;
  }

  /** AppError `conflict` when the file is there already. */
  static async create(path: string, header: Header, passphrase: string | undefined): Promise<BackupWriter> {
    const taken = await open(path, "r").then(
      async (file) => (await file.close(), true),
      () => false,
    );
    if (taken)
      throw new AppError("conflict", `${path} is there already`, {
        hint: "A backup is never written over; name another file.",
      });
    const head = headBytes(header);
    const { encryption } = header;
    const seal =
      encryption && passphrase !== undefined ? keySeal(head, await deriveKey(passphrase, encryption)) : plainSeal(head);
    const file = await open(`${path}.part`, "w", 0o600);
    const writer = new BackupWriter(file, path, seal);
    await writer.#write(head);
    return writer;
  }

  async start(entry: EntryStart): Promise<void> {
    this.#entry = { name: entry.name, rows: 0, bytes: 0, hash: createHash("sha256") };
    await this.#frame(KIND.start, Buffer.from(JSON.stringify(entry)));
  }

  /** Adds to the entry begun; `rows` of it are whole in these bytes. */
  async data(bytes: Buffer, rows: number): Promise<void> {
    const entry = this.#entry!;
    entry.rows += rows;
    entry.bytes += bytes.length;
    entry.hash.update(bytes);
    this.#pieces.push(bytes);
    this.#pending += bytes.length;
    if (this.#pending >= PIECE_BYTES) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    const { name, rows, bytes, hash } = this.#entry!;
    const end: EntryEnd = { name, rows, bytes, sha256: hash.digest("hex") };
    this.entries.push(end);
    await this.#frame(KIND.end, Buffer.from(JSON.stringify(end)));
    this.#entry = undefined;
  }

  /** Writes the manifest, syncs, and gives the file its name. */
  async finish(manifest: Omit<Manifest, "entries">): Promise<void> {
    await this.#frame(KIND.manifest, Buffer.from(JSON.stringify({ ...manifest, entries: this.entries })));
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.#path}.part`, this.#path);
    this.#done = true;
    const dir = await open(dirname(this.#path), "r");
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    await this.#file.close().catch(() => undefined);
    await rm(`${this.#path}.part`, { force: true });
  }

  async #flush(): Promise<void> {
    if (this.#pending === 0) return;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pending = 0;
    // Rows of the event store come in larger pieces than a frame may be.
    for (let at = 0; at < all.length; at += PIECE_BYTES)
      await this.#frame(KIND.data, await Bun.zstdCompress(all.subarray(at, at + PIECE_BYTES), { level: 3 }));
  }

  async #frame(kind: number, data: Buffer | Uint8Array): Promise<void> {
    const body = this.#seal.close(Buffer.concat([Uint8Array.of(kind), data]));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    await this.#write(length);
    await this.#write(body);
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at, bytes.length - at)).bytesWritten;
    this.sizeBytes += bytes.length;
  }
}
