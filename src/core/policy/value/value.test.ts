import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseNetwork } from "./address.ts";
import { CAPABILITY_NAMES, capabilityNumber } from "./capability.ts";
import { limitsOf, parseInteger, parseRange } from "./integer.ts";
import { parseRateLimit } from "./rate-limit.ts";
import { parseAssignment } from "./register.ts";
import { parseResolvePath } from "./resolve-path.ts";
import { SOCKET_NAMES } from "./socket-names.ts";
import { cutBytes, withoutNul } from "./text.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("networks", () => {
  test("IPv4 is read back from its bytes, host bits cleared", () => {
    fc.assert(
      fc.property(bytes(4), fc.nat(32), (address, bits) => {
        const network = parseNetwork(`${address.join(".")}/${bits}`)!;
        expect(network).toMatchObject({ family: 4, prefixBits: bits });
        for (let bit = 0; bit < 32; bit++) {
          const of = (b: Uint8Array): number => (b[bit >> 3]! >> (7 - (bit & 7))) & 1;
          expect(of(network.bytes)).toBe(bit < bits ? of(address) : 0);
        }
      }),
    );
  });

  test("IPv6 is read from every way to write it", () => {
    fc.assert(
      fc.property(bytes(16), fc.nat(7), fc.nat(7), fc.boolean(), (address, first, count, hasIpv4) => {
        const groups = Array.from({ length: 8 }, (_, i) => (address[i * 2]! << 8) | address[i * 2 + 1]!);
        const blank = Math.min(first, 7);
        const until = Math.min(blank + count + 1, 8);
        const isShort = until - blank >= 1;
        const expected = groups.map((g, i) => (isShort && i >= blank && i < until ? 0 : g));
        const hex = expected.map((g) => g.toString(16));
        if (hasIpv4 && until <= 6) {
          const low = [expected[6]! >> 8, expected[6]! & 255, expected[7]! >> 8, expected[7]! & 255];
          hex.splice(6, 2, low.join("."));
        }
        const text = `${hex.slice(0, blank).join(":")}::${hex.slice(until).join(":")}`;
        const network = parseNetwork(text)!;
        expect(network.prefixBits).toBe(128);
        expect([...network.bytes]).toEqual(expected.flatMap((g) => [g >> 8, g & 255]));
      }),
    );
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/",
    "1.2.3.4/08",
    "1.2.3.4/-1",
    "1.2.3.4/8/8",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::12345",
    "::/129",
    "1.2.3.4::",
    "fe80::1%eth0",
    "localhost",
  ])("%p is none", (text) => expect(parseNetwork(text)).toBeUndefined());
});

describe("integers", () => {
  test("are read back in every base", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom("", "-", "+"), (value, sign) => {
        const signed = sign === "-" ? -value : value;
        for (const digits of [`${value}`, `0x${value.toString(16)}`, `0o${value.toString(8)}`, `0${value.toString(8)}`])
          expect(parseInteger(sign + digits)).toBe(signed);
        expect(parseInteger(`${sign}0b${value.toString(2)}`)).toBe(signed);
        expect(parseInteger(`${sign}00${value}`, "decimal")).toBe(signed);
      }),
    );
  });

  test.each(["", "-", "0x", "08", "1_000", "1e3", "1.5", " 1", "0xg", "٣", "1".repeat(100)])("%p is none", (text) =>
    expect(parseInteger(text)).toBeUndefined(),
  );

  test("ranges go up", () => {
    expect(parseRange("-5:5")).toEqual({ min: -5n, max: 5n });
    expect(parseRange("7")).toEqual({ min: 7n, max: 7n });
    for (const text of ["9:1", "1:2:3", ":", "1:", ":1", "a:b"]) expect(parseRange(text)).toBeUndefined();
  });

  test("limits of types", () => {
    expect(limitsOf({ bits: 8, signed: true })).toEqual({ min: -128n, max: 127n });
    expect(limitsOf({ bits: 64, signed: false })).toEqual({ min: 0n, max: (1n << 64n) - 1n });
  });
});

describe("names", () => {
  test("have the kernel's numbers", () => {
    expect(CAPABILITY_NAMES.length).toBe(41);
    expect([capabilityNumber("CAP_CHOWN"), capabilityNumber(" cap_net_raw "), capabilityNumber("CAP_BPF")]).toEqual([
      0, 13, 39,
    ]);
    expect(capabilityNumber("CAP_CHECKPOINT_RESTORE")).toBe(40);
    expect(capabilityNumber("NET_RAW")).toBeUndefined();
    expect(SOCKET_NAMES.family.get("AF_INET6")).toBe(10);
    expect(SOCKET_NAMES.family.get("AF_VSOCK")).toBe(40);
    expect(SOCKET_NAMES.family.get("AF_MCTP")).toBe(45);
    expect(SOCKET_NAMES.state.get("TCP_NEW_SYN_RECV")).toBe(12);
    expect(SOCKET_NAMES.protocol.get("IPPROTO_SCTP")).toBe(132);
  });
});

describe("other values", () => {
  test("intervals", () => {
    expect(["5", "5s", "5M", "1h", "4294967295"].map(parseRateLimit)).toEqual([
      5000, 5000, 300_000, 3_600_000, 4_294_967_295,
    ]);
    for (const text of ["", "s", "x", "-1", "1.5", "5d", "4294967296"]) expect(parseRateLimit(text)).toBeUndefined();
  });

  test("paths of fields", () => {
    expect(parseResolvePath("a.b[2].c")).toEqual([{ field: "a" }, { field: "b" }, { index: 2 }, { field: "c" }]);
    expect(parseResolvePath("[0][1]._x")).toEqual([{ index: 0 }, { index: 1 }, { field: "_x" }]);
    for (const text of ["", ".", "a.", ".a", "a..b", "a[", "a]", "a[]", "a[x]", "a[1", "a b", "1a"])
      expect(parseResolvePath(text)).toBeUndefined();
  });

  test("registers", () => {
    expect(parseAssignment("eax = -1")).toMatchObject({
      register: "eax",
      value: { kind: "constant", value: (1n << 64n) - 1n },
    });
    expect(parseAssignment("x0=%x1")).toMatchObject({ value: { kind: "register", register: "x1", offset: 0n } });
    expect(parseAssignment("rip=0x20( %rsp )")).toMatchObject({
      value: { kind: "memory", register: "rsp", offset: 32n },
    });
    for (const text of [
      "rax",
      "rax=",
      "=1",
      "rax=1=2",
      "rqx=1",
      "rax=%rqx",
      "rax=(%rsp",
      "rax=y(%rsp)",
      "rax=99999999999999999999",
    ])
      expect(parseAssignment(text)).toBeUndefined();
  });

  test("texts are cut between characters, and no shorter than they must be", () => {
    const size = (text: string): number => new TextEncoder().encode(text).length;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, most) => {
        const cut = cutBytes(text, most);
        expect(size(cut)).toBeLessThanOrEqual(most);
        expect(text.startsWith(cut)).toBe(true);
        const [next = ""] = text.slice(cut.length);
        if (next !== "") expect(size(cut + next)).toBeGreaterThan(most);
      }),
    );
    expect(withoutNul("a\0b\0\0")).toBe("a\0b");
  });
});
