import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { zstdCompressSync } from "node:zlib";
import { sha256Hex } from "../ids.ts";
import { compressFrame, decompressFrame, FRAME_DICTIONARY, needsDictionary } from "./dictionary.ts";

const MAX = 1 << 20;
const packr = new Packr({ useRecords: false });
const event = (seq: number): object => ({
  seq,
  kind: "process_exec",
  severity: "info",
  observed_at_us: 1_764_000_000_000_000 + seq,
  message: "/usr/bin/rsync (pid 4711, uid 33) started",
  process: {
    exec_id: "bm9kZS0xOjUx",
    pid: 4711,
    uid: 33,
    binary: "/usr/bin/rsync",
    argv: ["rsync", "-a", `/srv/data-${seq}`],
    cwd: "/srv",
    parent_binary: "/usr/bin/bash",
  },
});
const frame = (events: number): Uint8Array =>
  packr.pack({
    type: "events",
    batch: {
      epoch: "00000000000000aa",
      lane: "bulk",
      first_seq: 1,
      last_seq: events,
      events: Array.from({ length: events }, (_, i) => event(i + 1)),
    },
  });

describe("frames", () => {
  test("the dictionary's id is that of its bytes", () => {
    expect(sha256Hex(FRAME_DICTIONARY.bytes).slice(0, 8)).toBe(FRAME_DICTIONARY.id);
  });

  test("come back as they went in, with the dictionary and without", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60_000 }), fc.boolean(), (bytes, agreed) => {
        const dictionary = agreed ? FRAME_DICTIONARY : undefined;
        const packed = compressFrame(bytes, dictionary);
        expect(needsDictionary(packed)).toBe(agreed && bytes.length <= 24 * 1024);
        expect(Buffer.from(decompressFrame(packed, MAX, FRAME_DICTIONARY)).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("of few events are far smaller with it; large ones do without", () => {
    for (const events of [1, 3]) {
      const bytes = frame(events);
      expect(compressFrame(bytes, FRAME_DICTIONARY).length).toBeLessThan(0.75 * compressFrame(bytes).length);
    }
    expect(needsDictionary(compressFrame(frame(500), FRAME_DICTIONARY))).toBe(false);
  });

  test("that are no frames, need another dictionary or grow too large are refused", () => {
    const bomb = compressFrame(new Uint8Array(MAX + 1), FRAME_DICTIONARY);
    expect(() => decompressFrame(bomb, MAX, FRAME_DICTIONARY)).toThrow();
    const small = new Uint8Array(zstdCompressSync(new Uint8Array(20_000), { dictionary: FRAME_DICTIONARY.bytes }));
    expect(needsDictionary(small)).toBe(true);
    expect(() => decompressFrame(small, 10_000, FRAME_DICTIONARY)).toThrow();
    expect(() => decompressFrame(small, MAX)).toThrow();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        try {
          expect(decompressFrame(bytes, MAX, FRAME_DICTIONARY).length).toBeLessThanOrEqual(MAX);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
    const good = compressFrame(frame(2), FRAME_DICTIONARY);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Uint8Array.from(good);
        bytes[at]! ^= 1 << bit;
        try {
          expect(decompressFrame(bytes, MAX, FRAME_DICTIONARY).length).toBeLessThanOrEqual(MAX);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
