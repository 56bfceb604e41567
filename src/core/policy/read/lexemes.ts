import { Lexer } from "yaml";

const DOCUMENT = "\u0002";
const FLOW_ERROR_END = "\u0018";
const SCALAR = "\u001f";

export interface Lexeme {
  readonly text: string;
  /** In the text, in UTF-16 units. */
  readonly offset: number;
  /** A plain scalar's or a block's text, whatever it looks like. */
  readonly isScalar: boolean;
}

/** The lexer's pieces of a text. It is right about quotes and comments, and keeps no stack. */
export function* lexemes(text: string): Generator<Lexeme> {
  let offset = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // These stand for no character of the text; the lexeme after the last is a scalar's.
    if (lexeme === DOCUMENT || lexeme === FLOW_ERROR_END) continue;
    if (lexeme === SCALAR) {
      isScalar = true;
      continue;
    }
    yield { text: lexeme, offset, isScalar };
    isScalar = false;
    offset += lexeme.length;
  }
}

/** Where the quoted text begins that ends at an offset; the offset itself when none does. */
export function quoteBefore(text: string, end: number): number {
  for (const { text: lexeme, offset, isScalar } of lexemes(text)) {
    if (offset >= end) break;
    if (!isScalar && /^["']/.test(lexeme) && end <= offset + lexeme.length) return offset;
  }
  return end;
}
