import fc from "fast-check";
import type { TSchema } from "typebox";
import type { SchemaNode } from "../../src/console/rows/schema-table.ts";

const TEXT = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "a\nb", '"\\', "\u0000", "x".repeat(33), "/usr/bin/é") },
);

function number(low: number, high: number): fc.Arbitrary<number> {
  const edges = [low, low + 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, high].filter(
    (n) => n >= low && n <= high,
  );
  return fc.oneof(
    fc.constantFrom(...edges),
    fc.maxSafeInteger().map((n) => Math.min(high, Math.max(low, n))),
    fc.integer({ min: low, max: Math.min(high, low + 5_000) }),
  );
}

function arbitrary(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.enum) return fc.constantFrom(...node.enum);
  if (node.anyOf) return fc.constantFrom(...node.anyOf.map((one) => one.const));
  // Keys as they are: those that JavaScript puts elsewhere are not what this is about.
  if (node.patternProperties)
    return fc.dictionary(
      fc.stringMatching(/^[a-z][a-zé_0-9]{0,12}$/),
      arbitrary(Object.values(node.patternProperties)[0]!),
      { maxKeys: 5 },
    );
  switch (node.type) {
    case "object": {
      const fields = Object.entries(node.properties ?? {}).map(([key, inside]) => [key, arbitrary(inside)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(node.required ?? [])] });
    }
    case "array":
      return fc.array(arbitrary(node.items!), { maxLength: 4 });
    case "string":
      if (node.pattern !== undefined) return fc.stringMatching(new RegExp(node.pattern));
      return TEXT.filter((text) => Buffer.byteLength(text) <= (node.maxLength ?? Infinity));
    case "integer":
      return number(node.minimum ?? Number.MIN_SAFE_INTEGER, node.maximum ?? Number.MAX_SAFE_INTEGER);
    case "boolean":
      return fc.boolean();
    case undefined:
    default:
      throw new Error(`no values are known for ${node.type ?? "this"}`);
  }
}

/** Values of a schema, with its edges: what the wire's shapes are made of, nothing more. */
export function arbitraryOf<T>(schema: TSchema): fc.Arbitrary<T> {
  return arbitrary(schema as SchemaNode) as fc.Arbitrary<T>;
}
