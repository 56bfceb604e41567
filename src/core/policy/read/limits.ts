import { lexemes } from "./lexemes.ts";

/** Limits of a policy file. They hold before it is parsed: the parser recurses, and reads on whatever it meets. */
export const LIMITS = {
  /** 1 MiB. */
  fileBytes: 1_048_576,
  documents: 64,
  /** Of brackets and braces. */
  flowDepth: 32,
  /** Columns in which a block may begin; bounds the depth of blocks. */
  blockColumns: 256,
  /** Of the tree. */
  treeDepth: 64,
  /** Nodes of one document, each use of an alias counted. */
  treeNodes: 200_000,
} as const;

export interface LimitFault {
  readonly rule: string;
  readonly message: string;
  /** Offset in the text, in UTF-16 units. */
  readonly offset: number;
}

/** The first limit a text breaks, in time linear in its length; undefined when it may be parsed. */
export function brokenLimit(text: string, maxBytes: number = LIMITS.fileBytes): LimitFault | undefined {
  if (text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes)
    return { rule: "yaml.too-large", message: `The file is larger than ${maxBytes} bytes.`, offset: 0 };
  const control = text.search(/[^\P{Cc}\t\n\r\u0085]/u);
  if (control >= 0)
    return { rule: "yaml.control-character", message: "The file has a control character.", offset: control };
  return brokenDepth(text);
}

function brokenDepth(text: string): LimitFault | undefined {
  let lineStart = 0;
  let flow = 0;
  let documents = 0;
  for (const { text: lexeme, offset, isScalar } of lexemes(text)) {
    const mark = isScalar ? "" : lexeme;
    if (mark === "---" && ++documents > LIMITS.documents)
      return {
        rule: "yaml.too-many-documents",
        message: `The file has more than ${LIMITS.documents} documents.`,
        offset,
      };
    if (mark === "[" || mark === "{") flow++;
    else if ((mark === "]" || mark === "}") && flow > 0) flow--;
    if (flow > LIMITS.flowDepth)
      return {
        rule: "yaml.too-deep",
        message: `Brackets are nested more than ${LIMITS.flowDepth} deep.`,
        offset,
      };
    if (flow === 0 && BLOCK_MARKS.has(mark) && offset - lineStart > LIMITS.blockColumns)
      return {
        rule: "yaml.too-deep",
        message: `A block begins behind column ${LIMITS.blockColumns}.`,
        offset,
      };
    const newline = lexeme.lastIndexOf("\n");
    if (newline >= 0) lineStart = offset + newline + 1;
  }
  return undefined;
}

const BLOCK_MARKS: ReadonlySet<string> = new Set(["-", "?", ":"]);
