import type { EventFilter } from "../../core/api/events.ts";
import { EVENT_KINDS, isEventKind } from "../../core/event/kinds.ts";
import { SEVERITIES, type Severity } from "../../core/event/severity.ts";

/** Fields of the query bar and the filter fields they stand for. */
export const QUERY_FIELDS = {
  kind: { filter: "kind", hint: "what happened" },
  severity: { filter: "severity", hint: "info, warning, high, critical" },
  node: { filter: "node_name", hint: "name of a host" },
  sensor: { filter: "sensor_id", hint: "id of a sensor" },
  process: { filter: "process_executable", hint: "path of a program" },
  exec: { filter: "exec_id", hint: "one very process" },
  container: { filter: "container_id", hint: "id of a container" },
} as const satisfies Record<string, { filter: keyof EventFilter; hint: string }>;
export type QueryField = keyof typeof QUERY_FIELDS;
export const QUERY_FIELD_NAMES = Object.keys(QUERY_FIELDS) as readonly QueryField[];

/** What is wrong with a query, and at which characters. */
export interface QueryError {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** A piece of the text between spaces; quotes keep spaces together. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly negated: boolean;
  readonly field: string | undefined;
  readonly value: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The pieces of a query text, in order; pure. */
export function splitQuery(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const match of text.matchAll(/(-?)(?:([A-Za-z_]+):)?("[^"]*"?|[^\s"]*)/g)) {
    if (match[0] === "" || match[0] === "-") continue;
    const [whole, minus = "", field, value = ""] = match;
    pieces.push({
      start: match.index,
      end: match.index + whole.length,
      negated: minus !== "" && field !== undefined,
      field,
      value: (field === undefined ? minus : "") + value.replaceAll('"', ""),
    });
  }
  return pieces;
}

/** A query text as a filter, and what could not be understood; pure. Words without a field are searched in the text. */
export function parseQueryText(text: string): { readonly filter: EventFilter; readonly errors: readonly QueryError[] } {
  const filter: Mutable<EventFilter> = {};
  const errors: QueryError[] = [];
  const words: string[] = [];
  for (const piece of splitQuery(text)) {
    if (piece.field === undefined) {
      words.push(piece.value);
      continue;
    }
    const message = addPiece(filter, piece);
    if (message) errors.push({ start: piece.start, end: piece.end, message });
  }
  if (words.length > 0) filter.q = words.join(" ");
  return { filter, errors };
}

function addPiece(filter: Mutable<EventFilter>, piece: Piece): string | undefined {
  const field = piece.field as QueryField;
  if (!Object.hasOwn(QUERY_FIELDS, field))
    return `There is no field “${piece.field}”. Fields: ${QUERY_FIELD_NAMES.join(", ")}. To search for the text itself, put it in quotes.`;
  if (piece.value === "") return `“${field}:” needs a value.`;
  const values = piece.value.split(",").filter(Boolean);
  if (piece.negated && field !== "kind" && field !== "severity") return `Only kind and severity can be excluded.`;
  switch (field) {
    case "kind": {
      const wrong = values.find((value) => !isEventKind(value));
      if (wrong !== undefined) return `There is no kind “${wrong}”.`;
      filter.kind = piece.negated
        ? (filter.kind ?? [...EVENT_KINDS]).filter((kind) => !values.includes(kind))
        : join(filter.kind, values);
      return undefined;
    }
    case "severity": {
      const wrong = values.find((value) => !SEVERITIES.includes(value as Severity));
      if (wrong !== undefined) return `There is no severity “${wrong}”. There are ${SEVERITIES.join(", ")}.`;
      filter.severity = piece.negated
        ? (filter.severity ?? [...SEVERITIES]).filter((s) => !values.includes(s))
        : join(filter.severity, values);
      return undefined;
    }
    case "node":
      filter.node_name = join(filter.node_name, values);
      return undefined;
    case "sensor":
      filter.sensor_id = join(filter.sensor_id, values);
      return undefined;
    case "process":
      filter.process_executable = piece.value;
      return undefined;
    case "exec":
      filter.exec_id = piece.value;
      return undefined;
    case "container":
      filter.container_id = piece.value;
      return undefined;
  }
}

function join(old: readonly string[] | undefined, more: readonly string[]): string[] {
  return [...new Set([...(old ?? []), ...more])];
}

export interface Completion {
  readonly insert: string;
  readonly label: string;
  readonly hint: string;
}

/** What could stand at the cursor: fields, or values of the field begun. `start` is where the completion replaces from. */
export function complete(
  text: string,
  cursor: number,
  seen: Readonly<Partial<Record<QueryField, readonly string[]>>>,
  kindTitle: (kind: string) => string,
): { readonly start: number; readonly options: readonly Completion[] } {
  const before = text.slice(0, cursor);
  const start = before.search(/\S*$/);
  const word = before.slice(start).replace(/^-/, "");
  const colon = word.indexOf(":");
  if (colon < 0) {
    const fields = QUERY_FIELD_NAMES.filter((name) => name.startsWith(word.toLowerCase())).map((name) => ({
      insert: `${name}:`,
      label: `${name}:`,
      hint: QUERY_FIELDS[name].hint,
    }));
    if (word.length < 2) return { start: cursor - word.length, options: fields };
    const kinds = EVENT_KINDS.filter(
      (kind) => kind.includes(word.toLowerCase()) || kindTitle(kind).toLowerCase().includes(word.toLowerCase()),
    );
    return {
      start: cursor - word.length,
      options: [
        ...fields,
        ...kinds.slice(0, 6).map((kind) => ({ insert: `kind:${kind} `, label: `kind:${kind}`, hint: kindTitle(kind) })),
      ],
    };
  }
  const field = word.slice(0, colon) as QueryField;
  const typed = word
    .slice(colon + 1)
    .split(",")
    .at(-1)!
    .toLowerCase();
  const values: readonly string[] =
    field === "kind" ? EVENT_KINDS : field === "severity" ? SEVERITIES : (seen[field] ?? []);
  const options = values
    .filter(
      (value) =>
        value.toLowerCase().includes(typed) || (field === "kind" && kindTitle(value).toLowerCase().includes(typed)),
    )
    .slice(0, 10)
    .map((value) => ({
      insert: `${value.includes(" ") ? `"${value}"` : value} `,
      label: value,
      hint: field === "kind" ? kindTitle(value) : "",
    }));
  return { start: cursor - typed.length, options };
}
