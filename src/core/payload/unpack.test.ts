import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, readlink, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { AppError } from "../error.ts";
import { sha256Hex } from "../ids.ts";
import { unpackEngine } from "./engine.ts";
import { inspectExecutable } from "./executable.ts";
import { readHead } from "./head.ts";
import { encodeTarHeader, type TarEntry } from "./tar-format.ts";
import { writeTar, type TarSource } from "./tar-write.ts";
import { encodeTrailer } from "./trailer.ts";
import { unpackPayload } from "./unpack.ts";
import { zstdCompressor } from "./zstd.ts";

let dir = "";
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "telovix-unpack-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The smallest file that begins as a program: a header whose section table ends it. */
function program(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(128).fill(7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  bytes[4] = 2;
  bytes[5] = 1;
  view.setBigUint64(0x28, 64n, true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, 1, true);
  return bytes;
}

async function archive(): Promise<Uint8Array> {
  const big = join(dir, "big");
  await writeFile(
    big,
    new Uint8Array(300_000).map((_, i) => i % 251),
  );
  const base = { mode: 0o644, target: "", source: undefined, sizeBytes: 0 };
  const entries: TarSource[] = [
    { ...base, path: "bin", type: "directory", mode: 0o755 },
    {
      ...base,
      path: `bin/${"long-name/".repeat(12)}server`,
      type: "file",
      mode: 0o755,
      sizeBytes: 300_000,
      source: big,
    },
    { ...base, path: "bin/empty", type: "file" },
    { ...base, path: "bin/link", type: "symlink", mode: 0o777, target: "empty" },
  ];
  const compressor = zstdCompressor(3);
  const done = buffer(compressor);
  for await (const chunk of writeTar(entries)) compressor.write(chunk);
  compressor.end();
  return done;
}

async function wholeFile(name: string, payload: Uint8Array): Promise<string> {
  const head = program();
  const trailer = encodeTrailer({ offset: head.length, length: payload.length, sha256: sha256Hex(payload) });
  const file = join(dir, name);
  await writeFile(file, Buffer.concat([head, payload, trailer]));
  return file;
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await rejectionOf(promise);
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe("payload", () => {
  test("is unpacked once, with modes and links, into a directory of its hash", async () => {
    const own = await inspectExecutable(await wholeFile("good", await archive()));
    const state = join(dir, "state");
    const target = await unpackPayload(own, state);
    const server = join(target, `bin/${"long-name/".repeat(12)}server`);
    expect((await readFile(server)).equals(await readFile(join(dir, "big")))).toBe(true);
    expect((await stat(server)).mode & 0o777).toBe(0o755);
    expect(await readlink(join(target, "bin/link"))).toBe("empty");
    const before = (await stat(server)).mtimeMs;
    expect(await unpackPayload(own, state)).toBe(target);
    expect((await stat(server)).mtimeMs).toBe(before);
    expect(await readdir(join(state, "payload"))).toHaveLength(1);
  });

  test("of another version takes the place of the last", async () => {
    const state = join(dir, "state2");
    await unpackPayload(await inspectExecutable(await wholeFile("v1", await archive())), state);
    const other = Buffer.concat([await archive(), Bun.zstdCompressSync(new Uint8Array(0))]);
    await unpackPayload(await inspectExecutable(await wholeFile("v2", other)), state);
    expect(await readdir(join(state, "payload"))).toEqual([sha256Hex(other).slice(0, 16)]);
  });

  test("that was altered anywhere is refused by its hash and leaves nothing behind", async () => {
    const payload = await archive();
    for (const at of [0, Math.floor(payload.length / 2), payload.length - 1]) {
      const file = await wholeFile("altered", payload);
      const bytes = await readFile(file);
      bytes[program().length + at]! ^= 0x40;
      await writeFile(file, bytes);
      const state = join(dir, `altered-${at}`);
      const error = await failure(unpackPayload(await inspectExecutable(file), state));
      expect(error.message).toContain("databases inside this executable are damaged: its SHA-256 is");
      expect(error.hint).toContain("download the file again");
      expect(await readdir(join(state, "payload"))).toEqual([]);
    }
  });

  test("cut off anywhere makes a damaged executable, not a head", async () => {
    const payload = await archive();
    const whole = (await stat(await wholeFile("cut", payload))).size;
    for (const size of [whole - 1, whole - 64, program().length + 10]) {
      const file = await wholeFile("cut", payload);
      await truncate(file, size);
      expect((await failure(inspectExecutable(file))).message).toStartWith("this executable is damaged");
    }
  });

  test("is missing from a head, which says what to do", async () => {
    const file = join(dir, "head");
    await writeFile(file, program());
    const error = await failure(unpackPayload(await inspectExecutable(file), dir));
    expect(error.message).toContain("carries no databases");
    expect(error.hint).toContain("--postgres-url and --clickhouse-url");
  });
});

test("the head of both files is the same bytes, whatever lies behind", async () => {
  const file = join(dir, "alone");
  await writeFile(file, program());
  const alone = await readHead(await inspectExecutable(file));
  const whole = await readHead(await inspectExecutable(await wholeFile("both", await archive())));
  expect({ ...whole, stream: 0 }).toEqual({ ...alone, stream: 0 });
  expect(await Bun.readableStreamToBytes(whole.stream())).toEqual(program());
});

test("an archive that would leave its directory is refused", async () => {
  const entry: TarEntry = { path: "ok", type: "symlink", mode: 0o777, sizeBytes: 0, target: "ok" };
  const hostile: TarEntry[] = [
    { ...entry, path: "../evil" },
    { ...entry, path: "/evil" },
    { ...entry, path: "a/../../evil" },
    { ...entry, target: "/etc" },
    { ...entry, target: "../../etc" },
  ];
  for (const [i, bad] of hostile.entries()) {
    const payload = Bun.zstdCompressSync(Buffer.concat([encodeTarHeader(bad), new Uint8Array(1024)]));
    const state = join(dir, `hostile-${i}`);
    expect(
      (await failure(unpackPayload(await inspectExecutable(await wholeFile("hostile", payload)), state))).message,
    ).toMatch(/safe path|links to/);
    expect(await readdir(join(state, "payload"))).toEqual([]);
  }
});

test("the engine is unpacked executable, and refused when altered", async () => {
  const source = join(dir, "engine-source");
  await writeFile(source, "engine");
  const compressor = zstdCompressor(3);
  const done = buffer(compressor);
  const entry: TarSource = { path: "telovix-engine", type: "file", mode: 0o755, sizeBytes: 6, target: "", source };
  for await (const chunk of writeTar([entry])) compressor.write(chunk);
  compressor.end();
  const bytes = await done;
  const file = join(dir, "engine.tar.zst");
  await writeFile(file, bytes);
  const embedded = { file, sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
  const path = await unpackEngine(embedded, join(dir, "engine-state"));
  expect(await readFile(path, "utf8")).toBe("engine");
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  await failure(unpackEngine({ ...embedded, sha256: "00".repeat(32) }, join(dir, "engine-bad")));
  expect((await failure(unpackEngine(undefined, dir))).hint).toContain("make native");
});
