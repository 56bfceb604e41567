/** More than a reader takes in; the rest is counted. */
const MAX_LISTED = 6;

/** "a, b and c", however many: for what a reader must not miss. */
export function allOf(items: readonly string[]): string {
  return join(items, "and");
}

function join(items: readonly string[], last: string): string {
  if (items.length <= 1) return items[0] ?? "nothing";
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

/** "a, b or c"; of a long list the first few and how many more. */
export function listed(items: readonly string[], last: "or" | "and" = "or"): string {
  if (items.length <= MAX_LISTED + 1) return join(items, last);
  const rest = items.length - MAX_LISTED;
  return `${items.slice(0, MAX_LISTED).join(", ")} ${last} ${rest} more`;
}

/** "1 hook", "2 hooks". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Upper case for the first letter. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Breaks a text into lines of at most `width` columns, at blanks; longer words stay whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  // Messages and labels are whatever a file says: nothing of them may move the cursor.
  for (const word of text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD").split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A span of time in the largest unit that fits: "5 minutes". */
export function spanText(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  for (const [unit, size] of [
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1_000],
  ] as const)
    if (ms >= size && ms % size === 0)
      return ms === size ? `a ${unit}`.replace("a hour", "an hour") : `${ms / size} ${unit}s`;
  return `${ms} ms`;
}
