import type { ArgType } from "../arg-types.ts";
import { intShape } from "../arg-types.ts";
import { limitsOf } from "../value/integer.ts";
import type { CelIntType, CelNode } from "./ast.ts";
import { CelFault } from "./fault.ts";
import { parseExpression, type RawNode } from "./parser.ts";

export interface CompiledCel {
  readonly expression: CelNode;
  /** Slots it reads, ascending. */
  readonly slots: readonly number[];
}

/** Parses and types an expression over arguments of these types, slot by slot. Throws CelFault. */
export function compileCel(text: string, args: readonly ArgType[]): CompiledCel {
  const checker = new Checker(args);
  const raw = parseExpression(text);
  const expression = checker.check(raw);
  if (expression.type !== "bool")
    throw new CelFault(raw.offset, `The expression gives ${expression.type}, but a filter needs true or false.`);
  return { expression, slots: [...checker.slots].toSorted((a, b) => a - b) };
}

const INT_RANGES = {
  int32: limitsOf({ bits: 32, signed: true }),
  uint32: limitsOf({ bits: 32, signed: false }),
  int64: limitsOf({ bits: 64, signed: true }),
  uint64: limitsOf({ bits: 64, signed: false }),
} as const;

const COMPARE = { "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" } as const;
const ARITHMETIC = { "+": "add", "-": "subtract" } as const;
const LOGIC = { "&&": "and", "||": "or" } as const;
const BITS = { and: "bitAnd", or: "bitOr", xor: "bitXor" } as const;

type IntNode = CelNode & { readonly type: CelIntType };

class Checker {
  readonly #args: readonly ArgType[];
  readonly slots = new Set<number>();

  constructor(args: readonly ArgType[]) {
    this.#args = args;
  }

  check(raw: RawNode): CelNode {
    switch (raw.kind) {
      case "boolean":
        return { op: "literal", type: "bool", value: raw.value };
      case "number":
        return literal(raw.value, raw.isUnsigned ? "uint64" : "int64", raw.offset);
      case "name":
        return this.#arg(raw.name, raw.offset);
      case "not":
        return { op: "not", type: "bool", operand: this.#bool(raw.operand, "!") };
      case "call":
        return this.#call(raw);
      case "binary":
        return this.#binary(raw);
    }
  }

  #binary(raw: RawNode & { readonly kind: "binary" }): CelNode {
    const { sign } = raw;
    if (isKey(LOGIC, sign))
      return { op: LOGIC[sign], type: "bool", left: this.#bool(raw.left, sign), right: this.#bool(raw.right, sign) };
    if (isKey(ARITHMETIC, sign)) {
      const { left, right } = this.#ints(raw.left, raw.right, sign, raw.offset);
      return { op: ARITHMETIC[sign], type: left.type, left, right };
    }
    if (!isKey(COMPARE, sign)) throw new CelFault(raw.offset, `'${sign}' has no meaning here.`);
    const left = this.check(raw.left);
    if (left.type === "bool" && (sign === "==" || sign === "!="))
      return { op: COMPARE[sign], type: "bool", left, right: this.#bool(raw.right, sign) };
    const both = this.#alike(left, this.check(raw.right), sign, raw.offset);
    return { op: COMPARE[sign], type: "bool", left: both.left, right: both.right };
  }

  #call(raw: RawNode & { readonly kind: "call" }): CelNode {
    const { name, args, offset } = raw;
    const first = this.#parameter(raw, 0);
    if (name === "int32" || name === "uint32" || name === "not") {
      count(raw, 1);
      const operand = this.#int(first, name);
      if (name === "not") return { op: "bitNot", type: operand.type, operand };
      return operand.op === "literal" ? literal(operand.value, name, offset) : { op: "cast", type: name, operand };
    }
    if (!isKey(BITS, name))
      throw new CelFault(
        offset,
        `There is no function '${name.slice(0, 32)}'. There are int32, uint32, and, or, xor, not.`,
      );
    count(raw, 2);
    const { left, right } = this.#ints(first, args[1] ?? first, name, offset);
    return { op: BITS[name], type: left.type, left, right };
  }

  #parameter(raw: RawNode & { readonly kind: "call" }, index: number): RawNode {
    const parameter = raw.args[index];
    if (parameter === undefined)
      throw new CelFault(raw.offset, `'${raw.name.slice(0, 32)}' needs a value in its brackets.`);
    return parameter;
  }

  #arg(name: string, offset: number): CelNode {
    const slot = /^arg(0|[1-9]\d?)$/.exec(name)?.[1];
    if (slot === undefined)
      throw new CelFault(offset, `'${name.slice(0, 32)}' is no value. The values are arg0, arg1, …`);
    const type = this.#args[Number(slot)];
    if (type === undefined) throw new CelFault(offset, `There is no ${name}: the hook has ${this.#args.length} args.`);
    const shape = intShape(type);
    if (shape === undefined) throw new CelFault(offset, `${name} is of type '${type}', not an integer.`);
    this.slots.add(Number(slot));
    const width = shape.bits === 64 ? "64" : "32";
    return { op: "arg", type: shape.signed ? `int${width}` : `uint${width}`, slot: Number(slot) };
  }

  #bool(raw: RawNode, sign: string): CelNode {
    const node = this.check(raw);
    if (node.type !== "bool")
      throw new CelFault(raw.offset, `'${sign}' needs true or false, and this is ${node.type}.`);
    return node;
  }

  #int(raw: RawNode, sign: string): IntNode {
    const node = this.check(raw);
    if (!isInt(node)) throw new CelFault(raw.offset, `'${sign}' needs an integer, and this is true or false.`);
    return node;
  }

  #ints(left: RawNode, right: RawNode, sign: string, offset: number): { left: IntNode; right: IntNode } {
    return this.#alike(this.check(left), this.check(right), sign, offset);
  }

  /** Both as integers of one type: a bare number takes the other side's. */
  #alike(left: CelNode, right: CelNode, sign: string, offset: number): { left: IntNode; right: IntNode } {
    if (!isInt(left) || !isInt(right)) throw new CelFault(offset, `'${sign}' needs two integers.`);
    if (left.type === right.type) return { left, right };
    if (right.op === "literal") return { left, right: literal(right.value, left.type, offset) };
    if (left.op === "literal") return { left: literal(left.value, right.type, offset), right };
    throw new CelFault(
      offset,
      `'${sign}' compares ${left.type} with ${right.type}; cast one with int32() or uint32().`,
    );
  }
}

function literal(value: bigint, type: CelIntType, offset: number): IntNode {
  const { min, max } = INT_RANGES[type];
  if (value < min || value > max) throw new CelFault(offset, `The number ${value} doesn't fit ${type}.`);
  return { op: "literal", type, value };
}

function count(raw: RawNode & { readonly kind: "call" }, wanted: number): void {
  if (raw.args.length !== wanted)
    throw new CelFault(raw.offset, `'${raw.name}' takes ${wanted === 1 ? "one value" : `${wanted} values`}.`);
}

function isInt(node: CelNode): node is IntNode {
  return node.type !== "bool";
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}
