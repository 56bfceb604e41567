import { AppError } from "../../core/error.ts";

const MAX_QUERY_CHARS = 32_768;

/**
 * Fields of a URL's query, for a schema to check: `numbers` as such, `lists` comma-separated or repeated; empty ones are left out.
 * Throws AppError for one that is given twice.
 */
export function fieldsOf(
  url: string,
  numbers: readonly string[] = [],
  lists: readonly string[] = [],
): Record<string, unknown> {
  const query = new URL(url).searchParams;
  if (query.toString().length > MAX_QUERY_CHARS) throw new AppError("too_large", "The query is too long.");
  const out = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (lists.includes(name)) out[name] = values.flatMap((value) => value.split(",")).filter((value) => value !== "");
    else if (values.length > 1)
      throw new AppError("invalid_request", `/${name}: is given twice`, { pointer: `/${name}` });
    else if (values[0] === "") continue;
    else out[name] = numbers.includes(name) && /^\d{1,9}$/.test(values[0]!) ? Number(values[0]) : values[0];
  }
  return out;
}
