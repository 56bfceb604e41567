const UNITS_MS: Readonly<Record<string, number>> = { "": 1000, s: 1000, m: 60_000, h: 3_600_000 };

/** Largest interval the engine's 32-bit counter of milliseconds takes: 49 days. */
export const MAX_RATE_LIMIT_MS = 4_294_967_295;

/** Milliseconds of `5`, `5s`, `5m`, `1h`, cut at 2^32-1; undefined for anything else. */
export function parseRateLimit(text: string): number | undefined {
  const parts = /^(\d{1,10})([smh]?)$/i.exec(text);
  if (!parts || Number(parts[1]) > MAX_RATE_LIMIT_MS) return undefined;
  return Math.min(Number(parts[1]) * UNITS_MS[parts[2]!.toLowerCase()]!, MAX_RATE_LIMIT_MS);
}
