import { expect, test } from "bun:test";
import fc from "fast-check";
import { toMessages } from "./messages.ts";

test("every row is in a message of its sensor, in the order of its sensor", () => {
  const rows = fc.array(
    fc.record({
      sensor_id: fc.constantFrom("a", "b", "c"),
      tenant_id: fc.constant("t"),
      text: fc.string({ maxLength: 200, unit: "binary" }),
    }),
  );
  fc.assert(
    fc.property(rows, (all) => {
      const messages = toMessages(all);
      for (const sensor of ["a", "b", "c"]) {
        const lines = messages.filter((m) => m.key === sensor).flatMap((m) => m.value.split("\n"));
        expect(lines.map((line) => JSON.parse(line))).toEqual(all.filter((row) => row.sensor_id === sensor));
      }
      expect(messages.every((m) => ["a", "b", "c"].includes(m.key))).toBe(true);
    }),
  );
});

test("a message stays small, whatever a sensor sends at once", () => {
  const rows = Array.from({ length: 3_000 }, (_, i) => ({
    sensor_id: "a",
    tenant_id: "t",
    seq: i,
    text: "x".repeat(1_000),
  }));
  const messages = toMessages(rows);
  expect(messages.length).toBeGreaterThan(5);
  for (const { value } of messages) expect(value.length).toBeLessThan(400_000);
});
