/** What canonical JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const MAX_DEPTH = 64;

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) throw new TypeError("a number that is not finite has no JSON form");
      return JSON.stringify(value);
    case "string":
      if (!value.isWellFormed()) throw new TypeError("a lone surrogate has no UTF-8 form");
      return JSON.stringify(value);
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
      const proto: unknown = Object.getPrototypeOf(value);
      if (proto !== Object.prototype && proto !== null) throw new TypeError("only plain objects have a canonical form");
      const object = value as Record<string, unknown>;
      // RFC 8785 orders by UTF-16 code units, which is what comparing strings does.
      const keys = Object.keys(object)
        .filter((key) => object[key] !== undefined)
        .sort();
      return `{${keys.map((key) => `${write(key, depth)}:${write(object[key], depth + 1)}`).join(",")}}`;
    }
    case "bigint":
    case "function":
    case "symbol":
    case "undefined":
      throw new TypeError(`${typeof value} has no canonical form`);
  }
}

/**
 * RFC 8785: one text for one value, whatever the order its keys were set in; absent and undefined keys are the same.
 * Throws TypeError for what JSON cannot say.
 */
export function canonicalJson(value: Json): string {
  return write(value, 0);
}

/** The bytes that are signed. */
export function canonicalBytes(value: Json): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalJson(value));
}
