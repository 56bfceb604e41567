import { EventFilter, EventSearchQuery } from "../../core/api/events.ts";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";

const LISTS = new Set(["kind", "severity", "sensor_id", "node_name"]);
const filterChecker = compile(EventFilter);
const searchChecker = compile(EventSearchQuery);
const MAX_QUERY_CHARS = 32_768;

/** Fields of a URL's query; lists are comma-separated or repeated. Unknown names are kept for the check to refuse. */
function fields(url: string): Record<string, unknown> {
  const query = new URL(url).searchParams;
  if (query.toString().length > MAX_QUERY_CHARS) throw new AppError("too_large", "The query is too long.");
  const out = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (LISTS.has(name)) out[name] = values.flatMap((value) => value.split(",")).filter((value) => value !== "");
    else if (values.length > 1)
      throw new AppError("invalid_request", `/${name}: is given more than once`, { pointer: `/${name}` });
    else if (name === "limit") out[name] = /^\d{1,6}$/.test(values[0]!) ? Number(values[0]) : values[0];
    // An empty field of a form means that it is not set.
    else if (values[0] !== "") out[name] = values[0];
  }
  return out;
}

/** EventFilter of a URL; AppError `invalid_request` with a pointer otherwise. */
export function filterOfUrl(url: string): EventFilter {
  return filterChecker.parse(fields(url));
}

/** EventSearchQuery of a URL; AppError `invalid_request` with a pointer otherwise. */
export function searchOfUrl(url: string): EventSearchQuery {
  return searchChecker.parse(fields(url));
}
