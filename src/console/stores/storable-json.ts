// Escapes of characters that JSON can say and jsonb cannot hold: NUL, and halves of surrogate pairs.
const SUSPECT = /\\u(?:0000|d[89a-f])/i;

/** JSON text that PostgreSQL's jsonb takes whatever a sensor put into it: what it cannot hold becomes U+FFFD. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!SUSPECT.test(text)) return text;
  const clean = (part: string): string => part.toWellFormed().replaceAll("\0", "\ufffd");
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "string") return clean(part);
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const entries = Object.entries(part as Record<string, unknown>);
    return entries.some(([key]) => clean(key) !== key)
      ? Object.fromEntries(entries.map(([k, v]) => [clean(k), v]))
      : part;
  });
}
