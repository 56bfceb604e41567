import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST, META } from "../core/policy/pack/read.ts";
import { isStdin, readStdin, shownName } from "./policy-stdin.ts";

/** Bounds of a walk: a mistyped `/` ends with a sentence, not with hours. */
const MAX_FILES = 10_000;
const MAX_DEPTH = 32;

export interface PolicyFile {
  readonly path: string;
  /** At most `maxBytes` + 1 bytes: enough to see that it is too large. */
  readonly bytes?: Uint8Array;
  /** Why it can't be read. */
  readonly fault?: string;
}

/**
 * The files named, and the YAML files below the directories named, in order of their names; what a pack says of its
 * policies is no policy and left out there. Links to directories are not followed. `-` is standard input.
 */
export async function* readPolicyFiles(paths: readonly string[], maxBytes: number): AsyncGenerator<PolicyFile> {
  for (const path of paths) {
    if (isStdin(path)) {
      yield { path: shownName(path), bytes: await readStdin(maxBytes) };
      continue;
    }
    const found = await list(path);
    if (typeof found === "string") yield { path, fault: found };
    else for (const file of found) yield await read(file, maxBytes);
  }
}

async function list(path: string): Promise<readonly string[] | string> {
  try {
    const files: string[] = [];
    if (!(await stat(path)).isDirectory()) return [path];
    const fault = await walk(path, 0, files);
    return fault ?? (files.length === 0 ? "holds no *.yaml or *.yml file" : files);
  } catch (thrown) {
    return reason(thrown);
  }
}

async function walk(dir: string, depth: number, files: string[]): Promise<string | undefined> {
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} deep`;
  const entries = (await readdir(dir, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(dir, entry.name);
    const fault = entry.isDirectory() ? await walk(path, depth + 1, files) : undefined;
    if (fault !== undefined) return fault;
    const isPolicy = /\.ya?ml$/i.test(entry.name) && entry.name !== MANIFEST && !entry.name.endsWith(META);
    if (!entry.isDirectory() && isPolicy) files.push(path);
    if (files.length > MAX_FILES) return `holds more than ${MAX_FILES} files`;
  }
  return undefined;
}

async function read(path: string, maxBytes: number): Promise<PolicyFile> {
  try {
    // A pipe or a device may never end, or give what is meant for another reader.
    if (!(await stat(path)).isFile()) return { path, fault: "is not a file" };
    await using file = await open(path, "r");
    const buffer = new Uint8Array(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return { path, bytes: buffer.subarray(0, length) };
  } catch (thrown) {
    return { path, fault: reason(thrown) };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be read",
  EPERM: "may not be read",
  ENOTDIR: "does not exist",
  ELOOP: "is a link that leads nowhere",
};

function reason(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return REASONS[code] ?? `can't be read (${code || String(thrown)})`;
}
