/** One entry of an archive: regular files, directories and symbolic links only. */
export interface TarEntry {
  /** Relative path with forward slashes, no `.` or `..` part. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Target of a symlink; empty otherwise. */
  readonly target: string;
}

export const TAR_BLOCK = 512;
const TYPES = { file: "0", directory: "5", symlink: "2" } as const;
const encoder = new TextEncoder();

/** Bytes that fill `sizeBytes` up to the next block. */
export function tarPadding(sizeBytes: number): number {
  return (TAR_BLOCK - (sizeBytes % TAR_BLOCK)) % TAR_BLOCK;
}

function splitPath(path: string): { name: string; prefix: string } {
  if (encoder.encode(path).length <= 100) return { name: path, prefix: "" };
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (encoder.encode(name).length <= 100 && encoder.encode(prefix).length <= 155) return { name, prefix };
  }
  throw new Error(`${path}: too long for an archive`);
}

function checksum(block: Uint8Array): number {
  let sum = 8 * 32; // The field itself counts as blanks.
  for (let i = 0; i < TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!;
  return sum;
}

/** An entry's header block (ustar). Time and owner are always zero: the same files give the same bytes. */
export function encodeTarHeader(entry: TarEntry): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK);
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at);
  const octal = (at: number, width: number, value: number): void => put(at, value.toString(8).padStart(width - 1, "0"));
  const { name, prefix } = splitPath(entry.path);
  if (encoder.encode(entry.target).length > 100) throw new Error(`${entry.path}: link target too long for an archive`);
  put(0, name);
  octal(100, 8, entry.mode & 0o777);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, entry.sizeBytes);
  octal(136, 12, 0);
  put(156, TYPES[entry.type]);
  put(157, entry.target);
  put(257, "ustar\u000000");
  put(345, prefix);
  put(148, `${checksum(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

function isSafePath(path: string): boolean {
  return (
    path !== "" &&
    !path.startsWith("/") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** A link may point beside itself or below, never out of the archive. */
function isSafeTarget(target: string): boolean {
  return isSafePath(target);
}

/** Reads a header block; undefined for the empty block at the end. Throws on anything we would not write ourselves. */
export function decodeTarHeader(block: Uint8Array): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (at: number, length: number): string => {
    const field = block.subarray(at, at + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  const octal = (at: number, length: number): number => {
    const digits = text(at, length).trim();
    if (!/^[0-7]+$/.test(digits)) throw new Error("archive: a number is not octal");
    return Number.parseInt(digits, 8);
  };
  if (text(257, 5) !== "ustar") throw new Error("archive: not ustar");
  if (octal(148, 8) !== checksum(block)) throw new Error("archive: header checksum differs");
  const prefix = text(345, 155);
  const path = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
  const flag = text(156, 1);
  const type = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((key) => TYPES[key] === flag);
  if (!type) throw new Error(`archive: ${path}: kind ${flag} is not allowed`);
  if (!isSafePath(path)) throw new Error(`archive: ${JSON.stringify(path)} is not a safe path`);
  const target = text(157, 100);
  if (type === "symlink" && !isSafeTarget(target))
    throw new Error(`archive: ${path} links to ${JSON.stringify(target)}`);
  return { path, type, mode: octal(100, 8), sizeBytes: octal(124, 12), target };
}
