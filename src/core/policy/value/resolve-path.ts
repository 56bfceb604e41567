import type { ResolveStep } from "../model.ts";

/** Reads `a.b[2].c`, or `[0].a`; undefined for anything else. */
export function parseResolvePath(text: string): readonly ResolveStep[] | undefined {
  if (text.length > 512 || !/^([A-Za-z_]\w*|\[\d{1,9}\])(\.[A-Za-z_]\w*|\.?\[\d{1,9}\])*$/.test(text)) return undefined;
  return [...text.matchAll(/[A-Za-z_]\w*|\d+/g)].map(([step]) =>
    /^\d/.test(step) ? { index: Number(step) } : { field: step },
  );
}
