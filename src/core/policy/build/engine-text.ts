import { bytesOf } from "../value/text.ts";

/*
 * What the engine takes: its reader of plans (native/policy/plans_*.c) refuses a whole policy over one text, and its index
 * (native/include/policy.h) a hook. plan/reader.test.ts tries them on the reader itself.
 */
export const ENGINE_LIMITS = {
  /** Functions, system calls with the prefix of their machine, hooks, events, symbols, probes: bytes. */
  name: 127,
  /** Of a program or of its types. */
  path: 255,
  label: 256,
  btfName: 127,
  /** A URL, a name, or all registers of one action. */
  target: 2048,
  /** Of all digests of a program, each on a line. */
  digests: 4095,
  /** A workload's selectors as JSON. */
  workload: 32_767,
  /** Texts to compare with, by operator. */
  equal: 251,
  prefix: 252,
  postfix: 127,
  substring: 100,
  error: 4095,
  argIndex: 255,
  /** Arguments of a static probe. */
  usdtArgs: 12,
} as const;

/** "any": all but NUL; "line": no control characters; "symbol": printable ASCII without blanks. */
type TextUse = "any" | "line" | "symbol";

/** What is wrong with a text, as the end of a sentence; undefined when the engine takes it. */
export function textFault(text: string, most: number, use: TextUse): string | undefined {
  const { length } = bytesOf(text);
  if (length > most) return `is ${length} bytes long, and ${most} are allowed`;
  if (use === "any" ? text.includes("\0") : hasControl(text)) return "has a control character";
  return use === "symbol" && /[^!-~]/.test(text) ? "has a blank or a letter that isn't ASCII" : undefined;
}

/** What to say of a name that is longer than the kernel's are. */
export function nameHint(text: string): string | undefined {
  return text.length > ENGINE_LIMITS.name ? `A name has at most ${ENGINE_LIMITS.name} characters.` : undefined;
}

function hasControl(text: string): boolean {
  return bytesOf(text).some((byte) => byte < 0x20 || byte === 0x7f);
}
