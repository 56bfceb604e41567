import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileHead } from "../../scripts/build/head.ts";
import { ROOT } from "../../scripts/build/paths.ts";
import { inspectExecutable } from "../../src/core/payload/executable.ts";
import { readHead } from "../../src/core/payload/head.ts";
import { sha256Hex } from "../../src/core/ids.ts";

let dir = "";
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "telovix-build-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

test("the same commit gives the same bytes", async () => {
  const hashes: string[] = [];
  for (const name of ["first", "second"]) {
    const outfile = join(dir, name, "telovix-head");
    const commit = { name: "0123456789ab", timeMs: 1_700_000_000_000 };
    await compileHead({ entry: join(ROOT, "src/main.ts"), outfile, commit, sourcemapDir: join(dir, "maps") });
    hashes.push(sha256Hex(await readFile(outfile)));
  }
  expect(hashes[1]).toBe(hashes[0]!);
}, 60_000);

test("building again with nothing changed touches nothing", async () => {
  const files = ["telovix-head", "telovix"].map((name) => join(ROOT, "dist", name));
  const times = async (): Promise<number[]> => Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  const before = await times();
  const build = Bun.spawn([process.execPath, "build.ts"], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  expect(await build.exited).toBe(0);
  expect(await times()).toEqual(before);
}, 60_000);

test("the file that nodes download is the head of the whole, byte for byte", async () => {
  const whole = await readHead(await inspectExecutable(join(ROOT, "dist/telovix")));
  const head = await inspectExecutable(join(ROOT, "dist/telovix-head"));
  expect(whole.sha256).toBe((await readHead(head)).sha256);
  expect(head.payload).toBeUndefined();
});

test("a file called .env or bunfig.toml beside it changes nothing", async () => {
  await Bun.write(join(dir, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await Bun.write(join(dir, "evil.ts"), 'process.stdout.write("evil"); process.exit(7);');
  const run = Bun.spawn([join(ROOT, "dist/telovix-head"), "version"], { cwd: dir, stdout: "pipe" });
  expect(await run.exited).toBe(0);
  expect(await new Response(run.stdout).text()).toStartWith("telovix ");
});
