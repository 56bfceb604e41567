import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, copyFile, mkdtemp, open, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_FILE, freePort } from "../harness/built-console.ts";
import { expectPlainRefusal, runProgram, type Outcome } from "../harness/program.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-damaged-"));
  await chmod(dir, 0o755);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function copy(name: string, from = BUILT_FILE): Promise<string> {
  const file = join(dir, name);
  await copyFile(from, file);
  await chmod(file, 0o755);
  return file;
}

async function serve(file: string): Promise<Outcome> {
  const port = String(await freePort());
  return runProgram(file, ["console", "serve", "--data-dir", join(dir, "data"), "--port", port]);
}

describe("an executable that is not whole", () => {
  test("the head alone says where the Console's databases are", async () => {
    const head = await copy("head", `${BUILT_FILE}-head`);
    const version = await runProgram(head, ["version", "--json"]);
    expect(version).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(version.out)).toMatchObject({ version: expect.any(String), commit: expect.any(String) });
    const { sentence, hint } = expectPlainRefusal(await serve(head));
    expect(sentence).toContain("carries no databases");
    expect(hint).toContain("--postgres-url");
  }, 60_000);

  test("a byte that changed in the databases is refused by its hash, and nothing is left unpacked", async () => {
    const file = await copy("altered");
    const { size } = await stat(file);
    const handle = await open(file, "r+");
    await handle.write(Buffer.from([0x5a, 0xa5, 0x5a]), 0, 3, size - 40_000_000);
    await handle.close();
    const { sentence, hint } = expectPlainRefusal(await serve(file));
    expect(sentence).toMatch(/databases inside this executable are damaged.*SHA-256/);
    expect(hint).toContain("download the file again");
    expect(await Array.fromAsync(new Bun.Glob("payload/**").scan({ cwd: join(dir, "data") }))).toEqual([]);
  }, 120_000);

  test("a file that was cut off is refused by name", async () => {
    const file = await copy("cut");
    await truncate(file, (await stat(file)).size - 5_000_000);
    const { sentence, hint } = expectPlainRefusal(await serve(file));
    expect(sentence).toMatch(/this executable is damaged.*end is missing/);
    expect(hint).toContain("download it again");
  }, 60_000);
});
