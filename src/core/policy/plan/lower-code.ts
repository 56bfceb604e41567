import { AppError } from "../../error.ts";
import type { CelNode, CelType } from "../cel/ast.ts";
import { stackDepth } from "./check-plan.ts";
import { MAX_STACK } from "./layout.ts";
import type { PlanCode } from "./plan.ts";

type Op = PlanCode["op"];
type Binary = Extract<CelNode, { left: CelNode }>;

/** Deepest tree; the parser's own limit is lower, this one guards the stack of whoever builds trees by hand. */
const MAX_TREE_DEPTH = 500;

const step = (op: Op, arg = 0, value = 0n): PlanCode => ({ op, arg, value: BigInt.asUintN(64, value) });

/** Values are 64 bits wide in the machine: a result of a narrower type is cut to it. */
function narrow(type: CelType): PlanCode[] {
  return type === "int32" || type === "uint32" ? [step(type)] : [];
}

const isUnsigned = (type: CelType): boolean => type === "uint32" || type === "uint64";

/** The machine only knows less-than: the greater ones swap their sides. */
function binary(node: Binary, left: PlanCode[], right: PlanCode[]): PlanCode[] {
  const order = isUnsigned(node.left.type) ? "u" : "s";
  switch (node.op) {
    case "and":
    case "or":
      return [...left, ...right, step(node.op === "and" ? "logic_and" : "logic_or")];
    case "eq":
    case "ne":
      return [...left, ...right, step(node.op)];
    case "lt":
    case "le":
      return [...left, ...right, step(`${node.op}_${order}`)];
    case "gt":
      return [...right, ...left, step(`lt_${order}`)];
    case "ge":
      return [...right, ...left, step(`le_${order}`)];
    case "add":
      return [...left, ...right, step("add"), ...narrow(node.type)];
    case "subtract":
      return [...left, ...right, step("sub"), ...narrow(node.type)];
    case "bitAnd":
      return [...left, ...right, step("and")];
    case "bitOr":
      return [...left, ...right, step("or")];
    case "bitXor":
      return [...left, ...right, step("xor")];
  }
}

function lower(node: CelNode, positionOf: (slot: number) => number, depth: number): PlanCode[] {
  if (depth > MAX_TREE_DEPTH) throw new AppError("too_large", "The expression is nested too deeply.");
  const inner = (child: CelNode): PlanCode[] => lower(child, positionOf, depth + 1);
  switch (node.op) {
    case "literal":
      return [step("const", 0, BigInt(node.value))];
    case "arg":
      return [step("arg", positionOf(node.slot))];
    case "not":
      return [...inner(node.operand), step("logic_not")];
    case "bitNot":
      return [...inner(node.operand), step("not"), ...narrow(node.type)];
    case "cast":
      return [...inner(node.operand), ...narrow(node.type)];
    case "and":
    case "or":
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
    case "add":
    case "subtract":
    case "bitAnd":
    case "bitOr":
    case "bitXor":
      return binary(node, inner(node.left), inner(node.right));
  }
}

/** Code of an expression; `positionOf` says where a slot is in the hook's list. AppError when the plan's machine can't run it. */
export function lowerExpression(expression: CelNode, positionOf: (slot: number) => number): readonly PlanCode[] {
  const code = lower(expression, positionOf, 0);
  if ((stackDepth(code) ?? MAX_STACK + 1) > MAX_STACK)
    throw new AppError("too_large", `The expression needs a stack of more than ${MAX_STACK} values.`, {
      hint: "Put its deeper half first, or divide it.",
    });
  return code;
}
