import { AppError } from "../../core/error.ts";

export const MAX_DEPTH = 32;

function deny(reason: string): AppError {
  return new AppError("invalid_request", reason, { pointer: "/" });
}

/** Throws AppError `invalid_request` when a parsed value is nested too deeply or names a prototype. Walks without recursion. */
export function checkShape(root: unknown): void {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, depth } = item;
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) throw deny(`The body is nested more than ${MAX_DEPTH} levels deep.`);
    if (Array.isArray(value)) {
      for (const child of value as unknown[])
        if (typeof child === "object" && child !== null) stack.push({ value: child, depth: depth + 1 });
      continue;
    }
    for (const key of Object.keys(value)) {
      if (key === "__proto__") throw deny("The body may not have a field named __proto__.");
      const child = (value as Record<string, unknown>)[key];
      if (typeof child === "object" && child !== null) stack.push({ value: child, depth: depth + 1 });
    }
  }
}
