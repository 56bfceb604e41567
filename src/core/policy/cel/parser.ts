import { CelFault } from "./fault.ts";
import { tokenize, type Token } from "./lexer.ts";

/** An expression as written, types not known yet. */
export type RawNode =
  | { readonly kind: "number"; readonly value: bigint; readonly isUnsigned: boolean; readonly offset: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly offset: number }
  | { readonly kind: "name"; readonly name: string; readonly offset: number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly RawNode[]; readonly offset: number }
  | { readonly kind: "not"; readonly operand: RawNode; readonly offset: number }
  | {
      readonly kind: "binary";
      readonly sign: string;
      readonly left: RawNode;
      readonly right: RawNode;
      readonly offset: number;
    };

/** Longest expression, and how deep brackets and signs nest; both far beyond what a filter needs. */
const MAX_LENGTH = 1024;
const MAX_DEPTH = 24;

/** Signs by how tightly they bind, loosest first. Those of one row go from left to right. */
const LEVELS: readonly ReadonlySet<string>[] = [
  new Set(["||"]),
  new Set(["&&"]),
  new Set(["==", "!=", "<", "<=", ">", ">="]),
  new Set(["+", "-"]),
];

/** Parses an expression; throws CelFault. */
export function parseExpression(text: string): RawNode {
  if (text.length > MAX_LENGTH)
    throw new CelFault(MAX_LENGTH, `The expression is longer than ${MAX_LENGTH} characters.`);
  const parser = new Parser(tokenize(text));
  const node = parser.level(0, 0);
  parser.expect("", "the end");
  return node;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** An expression whose signs bind at least as tightly as the level's. */
  level(level: number, depth: number): RawNode {
    const signs = LEVELS[level];
    if (signs === undefined) return this.#unary(depth);
    let left = this.level(level + 1, depth);
    for (let token = this.#peek(); token.kind === "sign" && signs.has(token.text); token = this.#peek()) {
      this.#next++;
      left = { kind: "binary", sign: token.text, left, right: this.level(level + 1, depth), offset: token.offset };
    }
    return left;
  }

  expect(text: string, meaning: string): void {
    const token = this.#take();
    if (token.text !== text)
      throw new CelFault(token.offset, `Here stands ${describe(token)} where ${meaning} is wanted.`);
  }

  #unary(depth: number): RawNode {
    const token = this.#take();
    if (depth > MAX_DEPTH) throw new CelFault(token.offset, `The expression is nested more than ${MAX_DEPTH} deep.`);
    if (token.text === "!") return { kind: "not", operand: this.#unary(depth + 1), offset: token.offset };
    if (token.text === "-") return this.#negative(token);
    if (token.text === "(") {
      const inner = this.level(0, depth + 1);
      this.expect(")", "')'");
      return inner;
    }
    if (token.kind === "number") return number(token);
    if (token.kind === "word") return this.#word(token, depth);
    throw new CelFault(token.offset, `Here stands ${describe(token)} where a value is wanted.`);
  }

  /** A minus belongs to the number behind it; there is no other negation. */
  #negative(sign: Token): RawNode {
    const token = this.#take();
    const literal = token.kind === "number" ? number(token) : undefined;
    if (literal?.kind !== "number" || literal.isUnsigned)
      throw new CelFault(sign.offset, "A minus sign stands before a signed number, or between two values.");
    return { ...literal, value: -literal.value, offset: sign.offset };
  }

  #word(token: Token, depth: number): RawNode {
    if (token.text === "true" || token.text === "false")
      return { kind: "boolean", value: token.text === "true", offset: token.offset };
    if (this.#peek().text !== "(") return { kind: "name", name: token.text, offset: token.offset };
    this.#next++;
    const args: RawNode[] = [];
    while (this.#peek().text !== ")") {
      if (args.length > 0) this.expect(",", "',' or ')'");
      args.push(this.level(0, depth + 1));
    }
    this.#next++;
    return { kind: "call", name: token.text, args, offset: token.offset };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", offset: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#next++;
    return token;
  }
}

function number(token: Token): RawNode {
  const isUnsigned = /[uU]$/.test(token.text);
  const value = BigInt(isUnsigned ? token.text.slice(0, -1) : token.text);
  return { kind: "number", value, isUnsigned, offset: token.offset };
}

function describe(token: Token): string {
  return token.kind === "end" ? "nothing" : `'${token.text.slice(0, 32)}'`;
}
