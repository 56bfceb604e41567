import type { PlanCode, PlanHook } from "../plan.ts";
import { argAt, positionText } from "../value-text.ts";

const SIGNS: Readonly<Partial<Record<PlanCode["op"], string>>> = {
  add: "+",
  sub: "-",
  and: "&",
  or: "|",
  xor: "^",
  eq: "==",
  ne: "!=",
  lt_s: "<",
  le_s: "<=",
  lt_u: "<",
  le_u: "<=",
  logic_and: "and",
  logic_or: "or",
};
const BEFORE: Readonly<Partial<Record<PlanCode["op"], string>>> = {
  not: "~",
  logic_not: "not ",
  int32: "int32 ",
  uint32: "uint32 ",
};
/** Longer ones are shown cut: stack code of hostile make can unfold to far more text than it has steps. */
const MAX_CHARS = 400;

const bare = (text: string): string => (text.startsWith("(") && text.endsWith(")") ? text.slice(1, -1) : text);

/** The expression that stack code stands for, in the usual notation. */
export function codeWords(code: readonly PlanCode[], hook: PlanHook): string {
  const stack: string[] = [];
  for (const { op, arg, value } of code) {
    const cut = (text: string): string => (text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text);
    const sign = SIGNS[op];
    if (op === "const") stack.push(`${BigInt.asIntN(64, value)}`);
    else if (op === "arg") stack.push(argAt(hook, arg)?.label || `arg${positionText(arg)}`);
    else if (sign === undefined) stack.push(cut(`${BEFORE[op] ?? ""}${stack.pop() ?? "?"}`));
    else {
      const right = stack.pop() ?? "?";
      stack.push(cut(`(${stack.pop() ?? "?"} ${sign} ${right})`));
    }
  }
  return bare(stack[0] ?? "?");
}
