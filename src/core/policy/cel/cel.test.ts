import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ArgType } from "../arg-types.ts";
import type { CelIntType, CelNode } from "./ast.ts";
import { compileCel } from "./compile.ts";
import { CelFault } from "./fault.ts";

const ARGS: readonly ArgType[] = ["int32", "uint32", "int64", "uint64", "int8", "uint16", "string", "auto"];
const SLOT_OF: Record<CelIntType, number> = { int32: 0, uint32: 1, int64: 2, uint64: 3 };

function faultOf(text: string, args: readonly ArgType[] = ARGS): string {
  try {
    compileCel(text, args);
  } catch (thrown) {
    if (thrown instanceof CelFault) return thrown.message;
    throw thrown;
  }
  return "none";
}

/** A typed expression, and the text that must give it. */
interface Written {
  readonly node: CelNode;
  readonly text: string;
}

const intTypes = fc.constantFrom<CelIntType>("int32", "uint32", "int64", "uint64");

/** Integer expressions of one type. Literals stand beside an argument, whose type they take. */
function ints(type: CelIntType, depth: number): fc.Arbitrary<Written & { node: { type: CelIntType } }> {
  const arg = fc.constant({ node: { op: "arg", type, slot: SLOT_OF[type] } as const, text: `arg${SLOT_OF[type]}` });
  if (depth === 0) return arg;
  const inner = ints(type, depth - 1);
  const number = fc.integer({ min: type.startsWith("u") ? 0 : -1000, max: 1000 });
  return fc.oneof(
    arg,
    fc.tuple(inner, number, fc.constantFrom("+", "-")).map(([left, value, sign]) => ({
      node: {
        op: sign === "+" ? "add" : "subtract",
        type,
        left: left.node,
        right: { op: "literal", type, value: BigInt(value) },
      } as const,
      text: `(${left.text} ${sign} ${value})`,
    })),
    fc.tuple(inner, inner, fc.constantFrom("and", "or", "xor")).map(([left, right, name]) => ({
      node: {
        op: ({ and: "bitAnd", or: "bitOr", xor: "bitXor" } as const)[name],
        type,
        left: left.node,
        right: right.node,
      } as const,
      text: `${name}(${left.text},${right.text})`,
    })),
    inner.map(({ node, text }) => ({ node: { op: "bitNot", type, operand: node } as const, text: `not(${text})` })),
    ...(type === "int32" || type === "uint32"
      ? [
          intTypes
            .chain((from) => ints(from, depth - 1))
            .map(({ node, text }) => ({
              node: { op: "cast", type, operand: node } as const,
              text: `${type}( ${text} )`,
            })),
        ]
      : []),
  );
}

const SIGNS = { "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" } as const;

function bools(depth: number): fc.Arbitrary<Written> {
  const comparison = intTypes.chain((type) =>
    fc
      .tuple(ints(type, 2), ints(type, 2), fc.constantFrom(...(Object.keys(SIGNS) as (keyof typeof SIGNS)[])))
      .map(([left, right, sign]) => ({
        node: { op: SIGNS[sign], type: "bool", left: left.node, right: right.node } as const,
        text: `${left.text}${sign}${right.text}`,
      })),
  );
  if (depth === 0) return comparison;
  const inner = bools(depth - 1);
  return fc.oneof(
    comparison,
    inner.map(({ node, text }) => ({ node: { op: "not", type: "bool", operand: node } as const, text: `!(${text})` })),
    fc.tuple(inner, inner, fc.constantFrom("and", "or")).map(([left, right, op]) => ({
      node: { op, type: "bool", left: left.node, right: right.node } as const,
      text: `(${left.text}) ${op === "and" ? "&&" : "||"} (${right.text})`,
    })),
  );
}

describe("an expression", () => {
  test("that was written from a tree gives that tree", () => {
    fc.assert(
      fc.property(bools(3), ({ node, text }) => {
        fc.pre(text.length <= 1024);
        expect(compileCel(text, ARGS).expression).toEqual(node);
      }),
    );
  });

  test("of any text compiles or has a fault inside it", () => {
    const token = fc.constantFrom(
      ..."arg0 arg1 arg2 arg9 ( ) , && || ! == != < <= > >= + - * ? 0 1 0x1f 7u 18446744073709551616u true false and or xor not int32 uint32 \u00e9 ' & .".split(
        " ",
      ),
    );
    const text = fc.oneof(
      fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(" ")),
      fc.string({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          expect(compileCel(written, ARGS).expression.type).toBe("bool");
        } catch (thrown) {
          if (!(thrown instanceof CelFault)) throw thrown;
          expect(thrown.offset).toBeGreaterThanOrEqual(0);
          expect(thrown.offset).toBeLessThanOrEqual(written.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("binds as the language says", () => {
    const same = (text: string, full: string): void =>
      expect(compileCel(text, ARGS).expression).toEqual(compileCel(full, ARGS).expression);
    same("arg0 == 1 || arg0 == 2 && arg0 == 3", "arg0 == 1 || (arg0 == 2 && arg0 == 3)");
    same("arg0 - 1 - 2 < 3", "((arg0 - 1) - 2) < 3");
    same("!(arg0 == 1) && arg1 == 2", "(!(arg0 == 1)) && (arg1 == 2)");
    same("arg0 == -1", "arg0 == int32(-1)");
    same("1 < arg2", "(1) < (arg2)");
    same("arg1 == 5u", "arg1 == uint32(5)");
  });

  test("names the values it reads, once each, in order", () => {
    expect(compileCel("arg3 == 1u && arg0 == 1 && arg3 == 2u", ARGS).slots).toEqual([0, 3]);
  });

  test("widens small integers", () => {
    expect(compileCel("arg4 == -128", ARGS).expression).toMatchObject({ left: { type: "int32" } });
    expect(compileCel("arg5 == 1", ARGS).expression).toMatchObject({ left: { type: "uint32" } });
  });

  test.each([
    ["arg0 == arg1", "cast one"],
    ["arg0", "needs true or false"],
    ["arg0 + 1", "needs true or false"],
    ["arg0 == 4294967296", "doesn't fit int32"],
    ["arg1 == -1", "doesn't fit uint32"],
    ["arg6 == 1", "not an integer"],
    ["arg7 == 1", "not an integer"],
    ["arg8 == 1", "no arg8"],
    ["arg0 == true", "two integers"],
    ["true == 1", "needs true or false"],
    ["arg0 && true", "needs true or false"],
    ["size(arg0) == 1", "no function"],
    ["not(arg0, arg0) == 1", "one value"],
    ["and(arg0) == 1", "2 values"],
    ["and() == 1", "needs a value"],
    ["arg0 * 2 == 4", "no multiplication"],
    ["arg0 == 1 ? true : false", "&& and ||"],
    ["arg0 = 1", "=="],
    ["-arg0 == 1", "minus"],
    ["arg0 == 1)", "the end"],
    ["(arg0 == 1", "')'"],
    ["", "a value"],
    ["pid == 1", "is no value"],
    [`${"(".repeat(40)}true${")".repeat(40)}`, "deep"],
    [`${"!".repeat(40)}true`, "deep"],
    ["true || ".repeat(200), "longer"],
  ])("%s is refused", (text, message) => {
    expect(faultOf(text)).toContain(message);
  });
});
