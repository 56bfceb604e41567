import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { compile } from "../../src/core/check.ts";
import { RuntimeEvent } from "../../src/core/event/event.ts";
import { eventsDoc, protocolDoc } from "../../scripts/generate-docs.ts";
import { EXAMPLES } from "../../scripts/protocol-examples.ts";

const page = (name: string): Promise<string> => readFile(join(resolve(import.meta.dir, "../../docs"), name), "utf8");

// After a change of a schema: bun scripts/generate-docs.ts
describe("docs", () => {
  test("events.md says what the schema says", async () => expect(await page("events.md")).toBe(eventsDoc()));
  test("protocol.md says what the schemas say", async () => expect(await page("protocol.md")).toBe(protocolDoc()));

  for (const example of EXAMPLES) {
    test(`the example of ${example.name} fits its schema`, () =>
      expect(compile(example.schema).fault(example.value)).toBeUndefined());
  }

  test("the example event fits the event schema", () => {
    const batch = EXAMPLES.find((e) => e.name.includes("EventsBatchEnvelope"))!.value as { events: unknown[] };
    for (const event of batch.events) expect(compile(RuntimeEvent).fault(event)).toBeUndefined();
  });
});
