import { access, chmod, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, errorMessage } from "../error.ts";
import type { OwnExecutable } from "./executable.ts";
import { systemFault } from "../system-fault.ts";
import { extractTar } from "./tar-read.ts";
import { zstdDecompressor } from "./zstd.ts";

interface Source {
  readonly file: string;
  readonly start: number;
  readonly length: number;
  /** Lower-case hex, of the compressed bytes. */
  readonly sha256: string;
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hasher: Bun.CryptoHasher): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hasher.update(chunk);
    yield chunk;
  }
}

function assertHash(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, not ${expected}`);
}

async function hashOf(bytes: Blob): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of bytes.stream()) hasher.update(chunk);
  return hasher.digest("hex");
}

/** Unpacks a compressed archive inside a file into `dir`, hashing on the way; throws when the hash differs. */
async function extractVerified({ file, start, length, sha256 }: Source, dir: string): Promise<void> {
  const hasher = new Bun.CryptoHasher("sha256");
  // Bun.file, and not node:fs, because it also reads what is embedded in the executable.
  const input = Bun.file(file)
    .slice(start, start + length)
    .stream();
  const plain = zstdDecompressor();
  try {
    const [read, written] = await Promise.allSettled([
      pipeline(Readable.from(hashed(input, hasher), { objectMode: false }), plain),
      extractTar(plain, dir).finally(() => plain.destroy()),
    ]);
    // Of the two that fail together, the disk's error is the cause.
    if (written.status === "rejected") throw written.reason;
    if (read.status === "rejected") throw read.reason;
  } catch (error) {
    plain.destroy();
    if (systemFault(error)) throw error;
    // Damage shows as any error of the codec first; what went wrong is told by the hash of the whole.
    assertHash(await hashOf(Bun.file(file).slice(start, start + length)), sha256);
    throw new Error(`it cannot be unpacked (${errorMessage(error)})`, { cause: error });
  }
  assertHash(hasher.digest("hex"), sha256);
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const UNPACKED = /^([0-9a-f]{16}|\.draft-.{6})$/;

/**
 * Unpacks an archive once into `<parent>/<sha256, 16 digits>` and returns that path. It is written beside and renamed, so a
 * directory of that name is always whole; directories of other versions are removed. Throws when the hash differs.
 */
export async function unpackOnce(source: Source, parent: string): Promise<string> {
  const name = source.sha256.slice(0, 16);
  const target = resolve(parent, name);
  await mkdir(parent, { recursive: true, mode: 0o711 });
  if (await exists(target)) return target;
  const draft = await mkdtemp(join(parent, ".draft-"));
  try {
    await chmod(draft, 0o755);
    await extractVerified(source, draft);
    await rename(draft, target);
    await syncDir(parent);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(target)) return target;
    throw error;
  }
  // Others' files may lie beside: only what was unpacked here is taken away.
  for (const other of await readdir(parent))
    if (other !== name && UNPACKED.test(other)) await rm(join(parent, other), { recursive: true, force: true });
  return target;
}

/**
 * Unpacks the servers that an executable carries into `<stateDir>/payload`, verified by hash. Returns the directory that holds
 * `postgres/` and `chdb/`. AppError `unavailable` when it carries none, or a damaged one.
 */
export async function unpackPayload(executable: OwnExecutable, stateDir: string): Promise<string> {
  const { file, payload } = executable;
  if (!payload)
    throw new AppError("unavailable", "this executable carries no databases: it is the head, which runs sensors", {
      hint: "use the full file (telovix) for a Console, or give --postgres-url and --clickhouse-url",
    });
  const { offset, length, sha256 } = payload;
  try {
    return await unpackOnce({ file, start: offset, length, sha256 }, join(stateDir, "payload"));
  } catch (error) {
    const fault = systemFault(error, stateDir);
    if (fault) throw fault;
    throw new AppError("unavailable", `the databases inside this executable are damaged: ${errorMessage(error)}`, {
      cause: error,
      hint: "download the file again and compare its SHA-256 with the published one",
    });
  }
}
