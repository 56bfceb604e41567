import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { crc32c } from "../../crc32c.ts";
import { AppError } from "../../error.ts";
import { decodePlan } from "./decode.ts";
import { HEADER, HEADER_BYTES, LAYOUTS, SECTION_NAMES, type SectionName } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { anyPlan } from "./random-plan.ts";
import { planOf } from "./test-plan.ts";
import { writePlan } from "./write.ts";

const PLAN = planOf("sys_write");
const HOOK = PLAN.hooks[0]!;

/** The header's number at `offset`, or a section's place. */
function section(bytes: Uint8Array, name: SectionName): { at: number; count: number } {
  const view = new DataView(bytes.buffer);
  const at = HEADER.sections + 8 * SECTION_NAMES.indexOf(name);
  return { at: view.getUint32(at, true), count: view.getUint32(at + 4, true) };
}

/** The bytes with a change, and a checksum that fits. */
function changed(plan: Plan, change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = writePlan(plan);
  const view = new DataView(bytes.buffer);
  change(view, bytes);
  view.setUint32(HEADER.crc, crc32c(bytes, 0, HEADER_BYTES), true);
  return bytes;
}

function refusal(bytes: Uint8Array): string {
  try {
    decodePlan(bytes);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
  return "taken";
}

describe("a plan's bytes", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => expect(decodePlan(writePlan(plan))).toEqual(plan)),
      { numRuns: 200 },
    );
  });

  test("the same plan gives the same bytes, and so does what was read", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const bytes = writePlan(plan);
        expect(writePlan(plan)).toEqual(bytes);
        const again = writePlan(decodePlan(bytes));
        expect(decodePlan(again)).toEqual(plan);
      }),
      { numRuns: 50 },
    );
  });

  test("lists that are one object are written once, and read as one", () => {
    const args = decodePlan(writePlan({ ...PLAN, hooks: [{ ...HOOK, args: [] }] })).hooks[0]!.args;
    expect(args).toEqual([]);
    const selectors = [{ filters: [], return_filters: [], actions: [], return_actions: [], label: "one" }];
    const bytes = writePlan({ ...PLAN, hooks: [HOOK, HOOK, HOOK].map((h) => ({ ...h, selectors })) });
    expect(section(bytes, "hooks").count).toBe(3);
    expect(section(bytes, "selectors").count).toBe(1);
    const [first, , third] = decodePlan(bytes).hooks;
    expect(third!.selectors).toBe(first!.selectors);
  });

  test("everything is little-endian and 8-byte aligned", () => {
    const bytes = writePlan(PLAN);
    expect(bytes.length % 8).toBe(0);
    for (const name of SECTION_NAMES) expect(section(bytes, name).at % 8).toBe(0);
    expect([...bytes.subarray(8, 12)]).toEqual([1, 0, 0, 0]);
    expect(Buffer.from(bytes).toString("latin1", section(bytes, "text").at)).toStartWith("psys_write");
  });
});

describe("bytes that are no plan", () => {
  // The length of the text may grow into the padding behind it: nothing refers to that.
  test("one changed byte is noticed, or changes nothing", () => {
    const bytes = writePlan(PLAN);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const bad = bytes.slice();
        bad[at]! ^= xor;
        const isTextLength = at >= HEADER_BYTES - 4 && at < HEADER_BYTES;
        if (isTextLength && refusal(bad) === "taken") expect(decodePlan(bad)).toEqual(decodePlan(bytes));
        else expect(refusal(bad)).toStartWith("This is not a plan: ");
      }),
      { examples: [[HEADER_BYTES - 4, 1]] },
    );
  });

  test("nothing but AppError comes of damaged bytes with a fitting checksum", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(anyPlan, damage, (plan, bytes) => {
        refusal(
          changed(plan, (view) => {
            for (const [at, value] of bytes) {
              const place = HEADER.sections + (at % (view.byteLength - HEADER.sections));
              view.setUint8(place, value);
            }
          }),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("nor of bytes at random", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void refusal(bytes)));
  });

  const view = (change: (view: DataView, bytes: Uint8Array) => void): string => refusal(changed(PLAN, change));
  test.each([
    ["cut off", () => refusal(writePlan(PLAN).slice(0, -8)), "cut off"],
    ["empty", () => refusal(new Uint8Array()), "does not begin"],
    ["another version", () => view((v) => v.setUint32(HEADER.version, 2, true)), "of version 2"],
    ["header flags", () => view((v) => v.setUint32(HEADER.flags, 1, true)), "unknown flags"],
    ["no policy", () => view((v) => v.setUint32(HEADER.sections + 4, 0, true)), "no policy"],
    ["two policies", () => view((v) => v.setUint32(HEADER.sections + 4, 2, true)), "too many records"],
    ["a section that is not aligned", () => view((v) => v.setUint32(HEADER.sections + 8, 137, true)), "out of place"],
    ["a section past the end", () => view((v) => v.setUint32(HEADER.sections + 12, 4000, true)), "out of place"],
    [
      "an unknown kind",
      () => view((v, b) => v.setUint32(section(b, "hooks").at, 99, true)),
      "hooks.kind has an unknown value",
    ],
    [
      "unknown flags",
      () => view((v, b) => v.setUint32(section(b, "hooks").at + 4, 0x8000, true)),
      "hooks.flags has unknown flags",
    ],
    [
      "arguments that are not there",
      () =>
        view((v, b) => {
          const { offset } = LAYOUTS.hooks.fields.find((f) => f.name === "args")!;
          v.setUint32(section(b, "hooks").at + offset + 4, 1, true);
        }),
      "args that are not there",
    ],
    [
      "text out of bounds",
      () => view((v, b) => v.setUint32(section(b, "policy").at + 4, 99, true)),
      "outside of its text",
    ],
    [
      "text that is not UTF-8",
      () => view((_, b) => b.fill(0xff, section(b, "text").at, section(b, "text").at + 1)),
      "not UTF-8",
    ],
    ["padding that is not 0", () => view((v, b) => v.setUint8(section(b, "policy").at + 36, 1)), "policy.pad is not 0"],
  ])("%s", (_, refused, message) => {
    expect(refused()).toContain(message);
  });

  test("filters on arguments that the hook does not read", () => {
    const filters = [{ kind: "int_equal" as const, flags: [], arg: 0, sub: 0, values: [], code: [] }];
    const selectors = [{ filters, return_filters: [], actions: [], return_actions: [], label: "" }];
    expect(refusal(writePlan({ ...PLAN, hooks: [{ ...HOOK, selectors }] }))).toContain("does not read");
    const ofReturn = [{ ...selectors[0]!, filters: [], return_filters: [{ ...filters[0]!, arg: 255 }] }];
    expect(refusal(writePlan({ ...PLAN, hooks: [{ ...HOOK, selectors: ofReturn }] }))).toContain("a return value");
  });

  test("expressions that do not add up", () => {
    const plus = { op: "add" as const, arg: 0, value: 0n };
    const filters = [{ kind: "expression" as const, flags: [], arg: 0, sub: 0, values: [], code: [plus] }];
    const selectors = [{ filters, return_filters: [], actions: [], return_actions: [], label: "" }];
    expect(refusal(writePlan({ ...PLAN, hooks: [{ ...HOOK, selectors }] }))).toContain("does not add up");
  });
});
