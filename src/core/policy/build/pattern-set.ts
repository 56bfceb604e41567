/** What names of functions may be made of, and some more. */
const LETTERS: readonly string[] = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCodePoint(0x21 + i));

/** Those that a class has. */
export function nameLetters(pattern: RegExp): ReadonlySet<string> {
  return new Set(LETTERS.filter((letter) => pattern.test(letter)));
}

/** A set of letters as POSIX writes it, where a backslash is a letter and the order matters. */
export function writeSet(members: ReadonlySet<string>, isNegated: boolean): string {
  const has = (letter: string): string => (members.has(letter) ? letter : "");
  const words = LETTERS.filter((letter) => members.has(letter) && /[0-9A-Za-z]/.test(letter));
  const marks = LETTERS.filter((letter) => members.has(letter) && !/[0-9A-Za-z[\]^-]/.test(letter));
  const text = `${has("]")}${runs(words)}${marks.join("")}${has("[")}${has("^")}${has("-")}`;
  // A class may have no letter of a name: all are outside of it.
  if (text === "") return isNegated ? "." : "[^ -~]";
  if (isNegated) return `[^${text}]`;
  if (text === "^") return "\\^";
  return text === "^-" ? "[-^]" : `[${text}]`;
}

function runs(letters: readonly string[]): string {
  let text = "";
  for (let at = 0; at < letters.length;) {
    let end = at;
    while (end + 1 < letters.length && isNext(letters[end]!, letters[end + 1]!)) end++;
    text += end - at < 2 ? letters.slice(at, end + 1).join("") : `${letters[at]}-${letters[end]}`;
    at = end + 1;
  }
  return text;
}

function isNext(a: string, b: string): boolean {
  return b.codePointAt(0)! - a.codePointAt(0)! === 1;
}
