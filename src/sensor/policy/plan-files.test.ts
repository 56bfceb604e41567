import { afterAll, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPlans, placePlans, renewLease } from "./plan-files.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-plans-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const OFF = { modes: { a: "monitor" }, enforcement: "off" } as const;

test("the directory holds the plans asked for and no others; what is the same is not touched", async () => {
  const dir = join(root, "plans");
  await placePlans(
    dir,
    new Map([
      ["a", bytes("1")],
      ["b", bytes("2")],
    ]),
    OFF,
  );
  expect((await readdir(dir)).toSorted()).toEqual(["a.plan", "b.plan", "control.json"]);
  expect(JSON.parse(await readFile(join(dir, "control.json"), "utf8"))).toEqual(OFF);
  expect((await stat(join(dir, "a.plan"))).mode & 0o777).toBe(0o600);
  const inodes = async (): Promise<number[]> =>
    Promise.all(["a.plan", "control.json"].map(async (name) => (await stat(join(dir, name))).ino));
  const before = await inodes();
  await placePlans(
    dir,
    new Map([
      ["a", bytes("1")],
      ["c", bytes("3")],
    ]),
    OFF,
  );
  expect(await inodes()).toEqual(before);
  expect((await listPlans(dir)).toSorted()).toEqual(["a", "c"]);
});

test("a plan that was torn is written anew", async () => {
  const dir = join(root, "torn");
  await placePlans(dir, new Map([["a", bytes("whole")]]), OFF);
  await writeFile(join(dir, "a.plan"), "");
  await placePlans(dir, new Map([["a", bytes("whole")]]), OFF);
  expect(await readFile(join(dir, "a.plan"), "utf8")).toBe("whole");
});

test("a directory that is not there has no plans", async () => expect(await listPlans(join(root, "none"))).toEqual([]));

test("renewing a lease makes it young", async () => {
  const dir = join(root, "lease");
  await renewLease(dir);
  const first = (await stat(join(dir, "lease"))).mtimeMs;
  await renewLease(dir);
  expect((await stat(join(dir, "lease"))).mtimeMs).toBeGreaterThanOrEqual(first);
  expect(await listPlans(dir)).toEqual([]);
});
