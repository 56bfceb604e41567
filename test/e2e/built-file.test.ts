import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BUILT_FILE } from "../harness/built-console.ts";

const ROOT = resolve(import.meta.dir, "../..");

describe("the built file", () => {
  test("does not know where it was built, so that the same commit gives the same bytes anywhere", async () => {
    const head = await readFile(resolve(BUILT_FILE, "../telovix-head"));
    expect(head.includes(`${ROOT}/`)).toBe(false);
  });

  test("is its head, followed by the payload", async () => {
    const head = await readFile(resolve(BUILT_FILE, "../telovix-head"));
    const start = await Bun.file(BUILT_FILE).slice(0, head.length).bytes();
    expect(head.equals(start)).toBe(true);
    expect(Bun.file(BUILT_FILE).size).toBeGreaterThan(head.length);
  });
});
