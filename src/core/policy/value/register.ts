import type { RegisterAssignment } from "../model-action.ts";
import { parseInteger } from "./integer.ts";

const X86: readonly string[] = [
  ..."ip ax bx cx dx si di bp sp".split(" ").flatMap((r) => [`r${r}`, `e${r}`]),
  ..."ax al bx bl cx cl dx dl si sil di dil bp bpl sp spl".split(" "),
  ...[8, 9, 10, 11, 12, 13, 14, 15].flatMap((n) => ["", "d", "w", "b"].map((size) => `r${n}${size}`)),
];
const ARM64: readonly string[] = [
  "pc",
  ...Array.from({ length: 32 }, (_, n) => `x${n}`),
  ...Array.from({ length: 31 }, (_, n) => `w${n}`),
];
const REGISTERS: ReadonlySet<string> = new Set([...X86, ...ARM64]);

/** True for a register of x86-64 or arm64; which of them the host has is its own matter. */
export function isRegister(name: string): boolean {
  return REGISTERS.has(name);
}

/** Reads `rax=11`, `rdi=%rsi`, `rsp=8%rsp`, `rip=(%rsp)`, `rip=8(%rsp)`; undefined for anything else. */
export function parseAssignment(text: string): RegisterAssignment | undefined {
  const [left, right, more] = text.length > 128 ? [] : text.split("=", 3).map((part) => part.trim());
  if (left === undefined || right === undefined || more !== undefined || !isRegister(left)) return undefined;
  const value = parseSource(right);
  return value && { register: left, value, text };
}

function parseSource(text: string): RegisterAssignment["value"] | undefined {
  const memory = /^([^%(]*)\(\s*%(\w+)\s*\)$/.exec(text);
  const plain = /^([^%(]*)%(\w+)$/.exec(text);
  const [, offsetText, register] = memory ?? plain ?? [];
  if (offsetText === undefined || register === undefined) {
    const value = parseInteger(text);
    return value !== undefined && isWord(value) ? { kind: "constant", value: BigInt.asUintN(64, value) } : undefined;
  }
  const offset = offsetText.trim() === "" ? 0n : parseInteger(offsetText.trim());
  if (offset === undefined || !isWord(offset) || !isRegister(register)) return undefined;
  return { kind: memory ? "memory" : "register", register, offset };
}

/** Fits 64 bits, signed or unsigned. */
function isWord(value: bigint): boolean {
  return value >= -(1n << 63n) && value < 1n << 64n;
}
