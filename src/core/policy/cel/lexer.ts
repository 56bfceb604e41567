import { CelFault } from "./fault.ts";

export interface Token {
  readonly kind: "number" | "word" | "sign" | "end";
  readonly text: string;
  readonly offset: number;
}

const TOKEN = /\s*(?:(0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?)|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||==|!=|<=|>=|[-+!<>(),]))/y;

/** Parts of the full language that policies don't have, with what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  "*": "There is no multiplication.",
  "/": "There is no division.",
  "%": "There is no remainder.",
  "?": "There is no '?:'; use && and ||.",
  "&": "For bits there is and(a, b); for conditions &&.",
  "|": "For bits there is or(a, b); for conditions ||.",
  "^": "For bits there is xor(a, b).",
  "~": "For bits there is not(a).",
  "=": "To compare, write ==.",
  '"': "There are no texts; match them with Equal, Prefix or Postfix.",
  "'": "There are no texts; match them with Equal, Prefix or Postfix.",
  ".": "There are no fractions and no fields; read a field with the argument's 'resolve'.",
  "[": "There are no lists.",
  "{": "There are no maps.",
};

/** Splits an expression; the last token is "end". */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  let at = 0;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) {
      const offset = at + text.slice(at).search(/\S/);
      const char = text[offset] ?? "";
      throw new CelFault(offset, UNSUPPORTED[char] ?? `The character '${char}' has no meaning here.`);
    }
    const word = match[1] ?? match[2] ?? match[3] ?? "";
    const kind = match[1] !== undefined ? "number" : match[2] !== undefined ? "word" : "sign";
    tokens.push({ kind, text: word, offset: TOKEN.lastIndex - word.length });
    at = TOKEN.lastIndex;
  }
  tokens.push({ kind: "end", text: "", offset: text.length });
  return tokens;
}
