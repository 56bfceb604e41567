import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { testPack, testPolicy } from "../../../test/harness/packs.ts";
import { errorMessage } from "../error.ts";
import { sha256Hex } from "../ids.ts";
import type { EmbeddedPack } from "./embedded-files.ts";
import { encodePackPlans, packPlans } from "./packs.ts";

const dir = await mkdtemp(join(tmpdir(), "telovix-packs-"));
afterAll(() => rm(dir, { recursive: true, force: true }));

const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => "nothing failed", errorMessage);

async function packOf(bytes: Uint8Array): Promise<EmbeddedPack> {
  const pack = await testPack(dir, "other", [testPolicy("one")]);
  await Bun.write(pack.file.file, bytes);
  return { ...pack, file: { ...pack.file, sizeBytes: bytes.length, sha256: sha256Hex(bytes) } };
}

test("plans come back as they were, in order, with their self-tests", async () => {
  const expected = { event: "process_kprobe" as const, fields: { message: "m" } };
  const plans = [
    { name: "b", plan: new Uint8Array([0, 255, 10, 128]), selfTest: [{ act: "open-read", expect: expected }] },
    { name: "a", plan: new Uint8Array(0), selfTest: [] },
  ];
  const read = await packPlans(await packOf(zstdCompressSync(encodePackPlans(plans))));
  expect(read.map((p) => ({ ...p, plan: Uint8Array.from(p.plan) }))).toEqual(plans);
});

test("plans that were altered are refused", async () => {
  const pack = await testPack(dir, "altered", [testPolicy("one")]);
  const bytes = await Bun.file(pack.file.file).bytes();
  bytes[bytes.length - 1]! ^= 1;
  await Bun.write(pack.file.file, bytes);
  expect(await failure(packPlans(pack))).toContain("SHA-256");
});

test.each([
  ["no zstd", new TextEncoder().encode("plain text")],
  ["no JSON", zstdCompressSync("{")],
  [
    "a name that leads out of its directory",
    zstdCompressSync(JSON.stringify([{ name: "../x", plan: "", selfTest: [] }])),
  ],
  ["more than there can be", zstdCompressSync(new Uint8Array(32 * 1024 * 1024))],
])("%s is refused", async (_name, bytes) =>
  expect(await failure(packPlans(await packOf(bytes)))).toContain("are damaged"),
);
