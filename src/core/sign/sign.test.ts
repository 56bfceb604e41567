import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson, type Json } from "./canonical.ts";
import { generateSigningKey, openSigner, openVerifier } from "./ed25519.ts";

const json = fc.jsonValue({ maxDepth: 5 }).map((value) => value as Json);

/** The same value with the keys of every object set in the opposite order. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => turned(item as Json));
  if (value === null || typeof value !== "object") return value;
  const out: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [key, item] of Object.entries(value).toReversed()) out[key] = turned(item as Json);
  return out;
}

describe("canonical JSON", () => {
  test("is one text for one value, whatever the order of keys", () => {
    fc.assert(fc.property(json, (value) => canonicalJson(value) === canonicalJson(turned(value))));
  });

  test("is JSON that reads back as the same value", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        return canonicalJson(JSON.parse(text) as Json) === text;
      }),
    );
  });

  test("orders by UTF-16 code units and writes numbers as RFC 8785 does", () => {
    expect(canonicalJson({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6 })).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    );
    expect(canonicalJson([1e21, 1e-7, -0, 333333333.3333333, 4.5])).toBe("[1e+21,1e-7,0,333333333.3333333,4.5]");
  });

  test("refuses what JSON cannot say", () => {
    for (const value of [Number.NaN, Infinity, 1n, () => 1, Symbol("x"), "\ud800", new Date(0), [undefined]])
      expect(() => canonicalJson(value as unknown as Json)).toThrow(TypeError);
    let deep: Json = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(() => canonicalJson(deep)).toThrow(TypeError);
  });
});

const { privatePem, publicPem } = await generateSigningKey();
const signer = await openSigner(privatePem);
const verify = await openVerifier(publicPem);

describe("a signature", () => {
  test("holds for the value in any order of keys and for no other", async () => {
    expect(signer.publicPem).toBe(publicPem);
    await fc.assert(
      fc.asyncProperty(json, json, async (value, other) => {
        const signature = await signer.sign(value);
        expect(await verify(turned(value), signature)).toBe(true);
        expect(await verify(other, signature)).toBe(canonicalJson(other) === canonicalJson(value));
      }),
      { numRuns: 50 },
    );
  });

  test("is refused when a bit is turned, when it is cut, and under another key", async () => {
    const signature = await signer.sign({ a: 1 });
    const bytes = Buffer.from(signature, "base64");
    bytes[5]! ^= 1;
    expect(await verify({ a: 1 }, bytes.toString("base64"))).toBe(false);
    expect(await verify({ a: 1 }, signature.slice(0, 40))).toBe(false);
    expect(await verify({ a: 1 }, `${signature} `)).toBe(false);
    const stranger = await openVerifier((await generateSigningKey()).publicPem);
    expect(await stranger({ a: 1 }, signature)).toBe(false);
  });
});
