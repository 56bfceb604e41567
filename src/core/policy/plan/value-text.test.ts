import { describe, expect, test } from "bun:test";
import type { PlanArg } from "./plan.ts";
import { bytesText, networkText, rangeText } from "./value-text.ts";

const network = (hex: string, a: bigint): string => networkText({ a, b: 0n, text: Uint8Array.fromHex(hex) });
const arg = (type: PlanArg["type"]): PlanArg => ({
  type,
  source: "arg",
  index: 0,
  flags: [],
  size_index: null,
  max_data: 0,
  resolve: "",
  btf_type: "",
  btf_module: "",
  label: "",
});
const range = (low: bigint, high: bigint, type: PlanArg["type"]): string =>
  rangeText({ a: BigInt.asUintN(64, low), b: BigInt.asUintN(64, high), text: new Uint8Array() }, arg(type));

describe("addresses", () => {
  test.each([
    ["0a000000", 8n, "10.0.0.0/8"],
    ["7f000001", 32n, "127.0.0.1"],
    ["00000000000000000000000000000000", 0n, "::/0"],
    ["00000000000000000000000000000001", 128n, "::1"],
    ["fd000000000000000000000000000000", 8n, "fd00::/8"],
    ["20010db8000000010000000000000001", 128n, "2001:db8:0:1::1"],
    ["20010db8000100020003000400050006", 128n, "2001:db8:1:2:3:4:5:6"],
    ["abcdef", 24n, "hex:abcdef"],
  ])("%s/%d", (hex, bits, text) => expect(network(hex, bits)).toBe(text));
});

test("ranges leave open what the type ends", () => {
  expect(range(5n, 5n, "int")).toBe("5");
  expect(range(-3n, 7n, "int")).toBe("-3..7");
  expect(range(6n, 2147483647n, "int")).toBe("6..");
  expect(range(-2147483648n, -1n, "int")).toBe("..-1");
  expect(range(0n, 255n, "uint8")).toBe("..");
});

test("bytes that are no text are shown as digits", () => {
  expect(bytesText(new TextEncoder().encode("/etc/ü"))).toBe("/etc/ü");
  expect(bytesText(Uint8Array.of(0xff, 0))).toBe("hex:ff00");
  expect(bytesText(new TextEncoder().encode("a\u001bb"))).toBe("hex:611b62");
});
