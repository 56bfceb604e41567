import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { AppError } from "./error.ts";

export interface Fault {
  /** JSON pointer of the field. */
  readonly pointer: string;
  readonly reason: string;
}

/** A compiled schema: a fast test, and an explanation only after a failure. */
export interface Checker<T extends TSchema> {
  is(value: unknown): value is Static<T>;
  /** The first fault, most specific field first; undefined when the value fits. */
  fault(value: unknown): Fault | undefined;
  /** The value, or AppError `invalid_request` with the pointer. */
  parse(value: unknown): Static<T>;
}

/** Compiles a schema once; call it at module load, never per request. */
export function compile<T extends TSchema>(schema: T): Checker<T> {
  const validator = Compile(schema);
  const fault = (value: unknown): Fault | undefined => {
    if (validator.Check(value)) return undefined;
    const errors = [...validator.Errors(value)].filter((e) => e.message !== "schema is false");
    const extra = errors.find((e) => e.keyword === "additionalProperties");
    const named = (extra?.params as { additionalProperties?: string[] } | undefined)?.additionalProperties?.[0];
    if (extra && named !== undefined)
      return { pointer: `${extra.instancePath}/${named}`.slice(0, 256), reason: "unknown field" };
    const first = errors.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0];
    return {
      pointer: (first?.instancePath || "/").slice(0, 256),
      reason: (first?.message ?? "does not fit the schema").slice(0, 256),
    };
  };
  return {
    is: (value): value is Static<T> => validator.Check(value),
    fault,
    parse: (value) => {
      const found = fault(value);
      if (found) throw new AppError("invalid_request", `${found.pointer}: ${found.reason}`, { pointer: found.pointer });
      return value as Static<T>;
    },
  };
}
