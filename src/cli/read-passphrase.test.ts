import { afterAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Call } from "./command.ts";
import { readPassphrase } from "./console-backup.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-passphrase-"));
afterAll(() => rm(root, { recursive: true, force: true }));

test("a passphrase file that others may read is used and told of, its owner's own without a word", async () => {
  const path = join(root, "passphrase");
  await writeFile(path, "long enough\n");
  const said = async (mode: number): Promise<string> => {
    await chmod(path, mode);
    let err = "";
    const call = { flags: { "passphrase-file": path }, err: (text: string) => void (err += text) } as unknown as Call;
    expect(await readPassphrase(call)).toBe("long enough");
    return err;
  };
  expect(await said(0o600)).toBe("");
  expect(await said(0o400)).toBe("");
  for (const mode of [0o644, 0o640, 0o604]) expect(await said(mode)).toContain(`chmod 600 ${path}`);
});
