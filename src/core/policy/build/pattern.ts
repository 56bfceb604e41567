import { nameLetters, writeSet } from "./pattern-set.ts";

/** Bytes the engine takes. */
const MAX_POSIX = 255;
/** Counts of a pattern, multiplied: they may stand within each other. */
const MAX_REPEATS = 255;

/** What is wrong with a pattern, and what to write instead. */
export interface PatternFault {
  readonly fault: string;
  readonly hint: string;
}

const PLAIN = "A pattern is a regular expression of letters, . [] () | * + ? {} ^ $, \\d and \\w.";
const NO_CONTROL = "Names of functions have no control characters.";

/**
 * A list's pattern as the engine reads it: a POSIX extended regular expression that finds the same names. What the two
 * kinds of expressions read differently is written out, or is a fault.
 */
export function readPattern(pattern: string): { readonly posix: string } | PatternFault {
  try {
    const posix = new PatternWriter(pattern).write();
    // Counts and brackets that don't fit together.
    void new RegExp(pattern);
    if (posix.length > MAX_POSIX)
      return { fault: `is longer than ${MAX_POSIX} characters`, hint: "Divide it into several lists." };
    return { posix };
  } catch (thrown) {
    if (thrown instanceof PatternError) return { fault: thrown.message, hint: thrown.hint };
    return { fault: "is no pattern", hint: PLAIN };
  }
}

class PatternError extends Error {
  override readonly name = "PatternError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Reads from left to right; nothing nests in what it keeps. */
class PatternWriter {
  readonly #from: string;
  #at = 0;
  #repeats = 1;
  /** What stands before can be repeated. */
  #isAtom = false;

  constructor(pattern: string) {
    this.#from = pattern;
  }

  write(): string {
    let to = "";
    while (this.#at < this.#from.length) to += this.#next();
    return to;
  }

  #next(): string {
    const letter = this.#from[this.#at++]!;
    switch (letter) {
      case "*":
      case "+":
      case "?":
        return this.#repeat(letter);
      case "{":
        return this.#count();
      case "(":
        this.#isAtom = false;
        return this.#group();
      case "|":
      case "^":
      case "$":
        this.#isAtom = false;
        return letter;
      default:
        this.#isAtom = true;
        if (letter === "\\") return this.#escape();
        return letter === "[" ? this.#bracket() : letter === "." || letter === ")" ? letter : literal(letter);
    }
  }

  /** Lazy or not, the same names match. */
  #repeat(written: string): string {
    if (!this.#isAtom) throw new PatternError("repeats what can't be repeated", PLAIN);
    this.#isAtom = false;
    if (this.#from[this.#at] === "?") this.#at++;
    return written;
  }

  #count(): string {
    const [written, least, most] = /^\{(\d+)(?:,(\d*))?\}/.exec(this.#from.slice(this.#at - 1)) ?? [];
    if (written === undefined)
      throw new PatternError(
        "has a brace that begins no count",
        "Write \\{ for a brace, and {0,3} for up to three times.",
      );
    this.#repeats *= Math.max(1, Number(least), Number(most ?? 0));
    if (this.#repeats > MAX_REPEATS)
      throw new PatternError(`repeats more than ${MAX_REPEATS} times`, "Write * or +, or a smaller count.");
    this.#at += written.length - 1;
    return this.#repeat(written);
  }

  #group(): string {
    const rest = this.#from.slice(this.#at);
    if (!rest.startsWith("?")) return "(";
    if (rest.startsWith("?:")) {
      this.#at += 2;
      return "(";
    }
    if (/^\?<?[=!]/.test(rest)) throw new PatternError("looks around", "Write it without look-around.");
    if (/^\?P?</.test(rest)) throw new PatternError("names a group", "Write the group without a name: (…).");
    throw new PatternError("has flags", "Names are compared as they are written: for both cases write [Rr]ead.");
  }

  #escape(): string {
    const members = this.#escaped(NO_CONTROL);
    return typeof members === "string" ? literal(members) : writeSet(members, false);
  }

  /** The letter an escape stands for, or the letters of a class. */
  #escaped(hint: string): string | ReadonlySet<string> {
    const letter = this.#from[this.#at++] ?? "";
    if (/[dDwWsS]/.test(letter)) return nameLetters(new RegExp(`\\${letter}`));
    if (letter === "x") {
      const digits = /^[0-9A-Fa-f]{2}/.exec(this.#from.slice(this.#at))?.[0];
      if (digits === undefined)
        throw new PatternError("has a \\x without two digits", "Write \\x5f, or the letter itself.");
      this.#at += 2;
      return String.fromCodePoint(Number.parseInt(digits, 16));
    }
    if (/[AzZ]/.test(letter))
      throw new PatternError(`has a \\${letter}`, "Write ^ for a name's beginning and $ for its end.");
    if (/[1-9k]/.test(letter)) throw new PatternError("refers back to a group", "Write it without back references.");
    if (/[0cfnrtv]/.test(letter)) throw new PatternError(`has a \\${letter}`, hint);
    if (!/[!-/:-@[-`{-~]/.test(letter))
      throw new PatternError(`has a \\${letter}`, "Write a letter without \\, and classes as \\d, \\w or [a-z].");
    return letter;
  }

  #bracket(): string {
    const isNegated = this.#from[this.#at] === "^";
    if (isNegated) this.#at++;
    const members = new Set<string>();
    let from: string | undefined;
    let isRange = false;
    let isEmpty = true;
    for (;;) {
      const letter = this.#from[this.#at++];
      if (letter === undefined) throw new PatternError("has a [ without its ]", "Write \\[ for a bracket.");
      if (letter === "]") break;
      isEmpty = false;
      if (letter === "[" && /[:.=]/.test(this.#from[this.#at] ?? ""))
        throw new PatternError("has a class by its name", "Write [a-z] for [[:lower:]], [0-9] for [[:digit:]].");
      if (letter === "-" && from !== undefined && !isRange && this.#from[this.#at] !== "]") {
        isRange = true;
        continue;
      }
      const member = letter === "\\" ? this.#escaped(NO_CONTROL) : letter;
      if (typeof member !== "string") {
        if (isRange) throw new PatternError("has a range that ends in a class", "Write \\- for a hyphen.");
        for (const each of member) members.add(each);
        from = undefined;
        continue;
      }
      literal(member);
      for (let code = (isRange ? from! : member).codePointAt(0)!; code <= member.codePointAt(0)!; code++)
        members.add(String.fromCodePoint(code));
      from = isRange ? undefined : member;
      isRange = false;
    }
    if (isEmpty) throw new PatternError("has brackets with nothing in them", "Write . for any letter.");
    return writeSet(members, isNegated);
  }
}

function literal(letter: string): string {
  if (!/^[!-~]$/.test(letter))
    throw new PatternError(
      "has a character that no function's name has",
      "Names are of ASCII letters, digits, _ . and $.",
    );
  return /[\\.^$|()[*+?{]/.test(letter) ? `\\${letter}` : letter;
}
