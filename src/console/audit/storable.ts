const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT_CHARS = 4096;

/** Text as PostgreSQL can hold it: well-formed, without NUL, bounded. */
export function storableText(text: string, maxChars = MAX_TEXT_CHARS): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return cut.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** A value as jsonb can hold it. Details may quote hostile input, and a record must not fail because of it. */
export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return storableText(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
    return value;
  // What JSON has no word for, and what lies too deep, is named by its kind.
  if (typeof value !== "object" || depth >= MAX_DEPTH) return `[${typeof value}]`;
  const plain = "toJSON" in value && typeof value.toJSON === "function" ? (value.toJSON as () => unknown)() : value;
  if (plain !== value) return storable(plain, depth + 1);
  if (Array.isArray(plain)) return plain.slice(0, MAX_ITEMS).map((item) => storable(item, depth + 1));
  const entries = Object.entries(plain).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [storableText(key, 128), storable(item, depth + 1)]),
  );
}
