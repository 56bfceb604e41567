import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { eventsDoc } from "../../scripts/generate-docs.ts";

describe("docs", () => {
  test("events.md says what the schema says", async () => {
    const text = await readFile(join(resolve(import.meta.dir, "../.."), "docs/events.md"), "utf8");
    // After a change of the schema: bun scripts/generate-docs.ts
    expect(text).toBe(eventsDoc());
  });
});
