import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BROKEN, FrameError, FrameReader, frameOf, OPCODE } from "./frame-reader.ts";

const MAX_BYTES = 70_000;

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly last?: boolean;
  readonly mask?: boolean;
  readonly reserved?: number;
}

/** A frame as a client sends it. */
function client({ opcode, payload, last = true, mask = true, reserved = 0 }: Frame): Buffer {
  const plain = frameOf(opcode, payload);
  const head = plain.subarray(0, plain.length - payload.length);
  head[0] = opcode | (last ? 0x80 : 0) | reserved;
  if (!mask) return plain;
  head[1]! |= 0x80;
  const key = [0x12, 0xf0, 0x56, 0x01];
  return Buffer.concat([head, Buffer.from(key), payload.map((byte, i) => byte ^ key[i & 3]!)]);
}

type Got = string | readonly number[] | { readonly control: number; readonly payload: readonly number[] };

function reader(): { push: (bytes: Buffer) => void; got: Got[] } {
  const got: Got[] = [];
  const frames = new FrameReader(MAX_BYTES, {
    message: (message) => void got.push(typeof message === "string" ? message : [...message]),
    control: (control, payload) => void got.push({ control, payload: [...payload] }),
  });
  return { push: (bytes) => frames.push(Buffer.from(bytes)), got };
}

function fault(...frames: readonly Frame[]): number {
  const { push } = reader();
  try {
    push(Buffer.concat(frames.map(client)));
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return 0;
}

const some = new Uint8Array([1, 2, 3]);

describe("frames of a client", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 300 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 0, max: MAX_BYTES }).map((size) => new Uint8Array(size).fill(size & 0xff)),
  );
  const message = fc.oneof(text, bytes);

  test("come back as messages however they are split into frames and reads, with pings in between", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ message, at: fc.nat(), ping: fc.boolean() }), { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 8 }),
        (messages, reads) => {
          const sent: Buffer[] = [];
          const expected: Got[] = [];
          for (const { message: m, at, ping } of messages) {
            const payload = typeof m === "string" ? Buffer.from(m) : m;
            const opcode = typeof m === "string" ? OPCODE.text : OPCODE.binary;
            const cut = at % (payload.length + 1);
            sent.push(client({ opcode, payload: payload.subarray(0, cut), last: cut === payload.length }));
            if (ping && cut < payload.length) {
              sent.push(client({ opcode: OPCODE.ping, payload: some }));
              expected.push({ control: OPCODE.ping, payload: [...some] });
            }
            if (cut < payload.length)
              sent.push(client({ opcode: OPCODE.continuation, payload: payload.subarray(cut) }));
            expected.push(typeof m === "string" ? m : [...m]);
          }
          const { push, got } = reader();
          const whole = Buffer.concat(sent);
          for (let at = 0, i = 0; at < whole.length; i++) {
            const size = reads[i % reads.length]!;
            push(whole.subarray(at, at + size));
            at += size;
          }
          expect(got).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of any bytes are messages or a fault, never anything else", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (pieces) => {
        const { push } = reader();
        try {
          for (const piece of pieces) push(Buffer.from(piece));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, number, readonly Frame[]]>([
    ["without a mask", BROKEN.protocol, [{ opcode: OPCODE.binary, payload: some, mask: false }]],
    ["with an extension nobody agreed on", BROKEN.protocol, [{ opcode: OPCODE.binary, payload: some, reserved: 0x40 }]],
    ["of an unknown kind", BROKEN.protocol, [{ opcode: 3, payload: some }]],
    ["of an unknown kind of control", BROKEN.protocol, [{ opcode: 11, payload: some }]],
    ["that continue nothing", BROKEN.protocol, [{ opcode: OPCODE.continuation, payload: some }]],
    [
      "that begin inside another message",
      BROKEN.protocol,
      [
        { opcode: OPCODE.binary, payload: some, last: false },
        { opcode: OPCODE.text, payload: some },
      ],
    ],
    ["that control in pieces", BROKEN.protocol, [{ opcode: OPCODE.ping, payload: some, last: false }]],
    ["that control at length", BROKEN.protocol, [{ opcode: OPCODE.ping, payload: new Uint8Array(126) }]],
    ["too large", BROKEN.tooLarge, [{ opcode: OPCODE.binary, payload: new Uint8Array(MAX_BYTES + 1) }]],
    [
      "too large together",
      BROKEN.tooLarge,
      [
        { opcode: OPCODE.binary, payload: new Uint8Array(MAX_BYTES), last: false },
        { opcode: OPCODE.continuation, payload: new Uint8Array(1) },
      ],
    ],
    ["of text that is none", BROKEN.notText, [{ opcode: OPCODE.text, payload: new Uint8Array([0xc3, 0x28]) }]],
    ["as they should be", 0, [{ opcode: OPCODE.binary, payload: some }]],
  ])("%s are told from those that are right", (_what, code, frames) => {
    expect(fault(...frames)).toBe(code);
  });

  test("that claim more than a message may have are refused by their head alone", () => {
    const { push } = reader();
    const head = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
    expect(() => push(head)).toThrow(FrameError);
  });
});
