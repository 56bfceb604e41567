import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { zstdCompressSync } from "node:zlib";
import { AppError } from "../../core/error.ts";
import { readBody } from "./body.ts";
import { scanMsgpack, unpackMsgpack } from "./msgpack.ts";

const packr = new Packr({ useRecords: false });
const MSGPACK = { "content-type": "application/msgpack" };
const JSON_TYPE = { "content-type": "application/json" };

async function read(
  body: BodyInit,
  headers: Record<string, string>,
  maxBytes = 1000,
  decompressedBytes = 10_000,
): Promise<unknown> {
  const request = new Request("http://x/", { method: "POST", body, headers });
  return readBody(request, { maxBytes, decompressedBytes }).catch((error: unknown) => (error as AppError).code);
}

describe("a body", () => {
  test("is read as JSON or MessagePack, compressed or not", async () => {
    const value = { a: [1, "two", null, { b: -3.5 }] };
    const packed = Uint8Array.from(packr.pack(value));
    expect(await read(JSON.stringify(value), JSON_TYPE)).toEqual(value);
    expect(await read(packed, MSGPACK)).toEqual(value);
    expect(await read(Uint8Array.from(zstdCompressSync(packed)), { ...MSGPACK, "content-encoding": "zstd" })).toEqual(
      value,
    );
  });

  test("is refused when it is too large, with its length declared or not", async () => {
    expect(await read("x".repeat(1001), JSON_TYPE)).toBe("too_large");
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(600)) });
    expect(await read(endless, JSON_TYPE)).toBe("too_large");
    const bomb = Uint8Array.from(zstdCompressSync(new Uint8Array(1_000_000)));
    expect(bomb.length).toBeLessThan(1000);
    expect(await read(bomb, { ...MSGPACK, "content-encoding": "zstd" })).toBe("too_large");
  });

  test("is refused when it is of another kind or broken", async () => {
    expect(await read("a=1", { "content-type": "application/x-www-form-urlencoded" })).toBe("unsupported_media");
    expect(await read("{}", { ...JSON_TYPE, "content-encoding": "gzip" })).toBe("unsupported_media");
    expect(await read("{", JSON_TYPE)).toBe("invalid_request");
    expect(await read(new Uint8Array([0x22, 0xff, 0x22]), JSON_TYPE)).toBe("invalid_request");
    expect(await read("nonsense", { ...MSGPACK, "content-encoding": "zstd" })).toBe("invalid_request");
  });

  test("that is nested too deeply or names a prototype is refused", async () => {
    expect(await read(`${"[".repeat(100)}${"]".repeat(100)}`, JSON_TYPE)).toBe("invalid_request");
    expect(await read('{"a":{"__proto__":{"admin":true}}}', JSON_TYPE)).toBe("invalid_request");
    expect(await read('{"a":{"\\u005f_proto__":{}}}', JSON_TYPE)).toBe("invalid_request");
  });
});

describe("MessagePack", () => {
  const values = fc.anything({
    maxDepth: 5,
    withBigInt: false,
    withDate: false,
    withMap: false,
    withSet: false,
    withObjectString: false,
  });
  const json = values.map((value) => JSON.parse(JSON.stringify(value) ?? "null") as unknown);
  const long = fc.string({ minLength: 30, maxLength: 70_000 });

  test("of any value passes the scan and comes back", () => {
    fc.assert(
      fc.property(fc.oneof(json, long, fc.array(fc.integer(), { maxLength: 70_000 })), (value) => {
        const data = packr.pack(value);
        scanMsgpack(data);
        expect(JSON.stringify(unpackMsgpack(data)).replaceAll("__proto_", "")).toBe(
          JSON.stringify(value).replaceAll("__proto__", ""),
        );
      }),
    );
  });

  test("that is cut anywhere, or has bytes behind it, is refused", () => {
    fc.assert(
      fc.property(json, fc.nat(), (value, at) => {
        const data = packr.pack(value);
        expect(() => scanMsgpack(data.subarray(0, at % data.length))).toThrow(AppError);
        expect(() => scanMsgpack(Buffer.concat([data, Buffer.from([0xc0])]))).toThrow(AppError);
      }),
    );
  });

  test("of any bytes is decoded or refused, never more", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        try {
          unpackMsgpack(data);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
    );
  });

  test("that claims more than it has, or an extension, costs no memory", () => {
    for (const bytes of [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0x7f, 0xff, 0xff, 0xff],
      [0xdb, 0xff, 0xff, 0xff, 0xff],
      [0xc7, 1, 0x72, 0],
      [0xd4, 0x72, 0x40],
    ])
      expect(() => scanMsgpack(new Uint8Array(bytes))).toThrow(AppError);
    const nested = new Uint8Array(4_000_000);
    for (let i = 0; i + 5 <= nested.length; i += 5) nested.set([0xdd, 0, 1, 0x86, 0xa0], i);
    expect(() => scanMsgpack(nested)).toThrow("nested more than");
  });

  test("of a map that names a prototype makes an ordinary field of it", () => {
    const value = unpackMsgpack(Buffer.from([0x81, 0xa9, ...Buffer.from("__proto__"), 0x81, 0xa1, 0x61, 1])) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { a?: number }).a).toBeUndefined();
  });
});
