import { effect, signal, type Signal } from "@preact/signals";

/** A signal kept in this browser. Anything unreadable falls back to the default. */
export function stored<T>(name: string, fallback: T, valid: (value: unknown) => value is T): Signal<T> {
  const key = `telovix.${name}`;
  let first = fallback;
  try {
    const text = globalThis.localStorage?.getItem(key);
    const value: unknown = text === null || text === undefined ? undefined : JSON.parse(text);
    if (valid(value)) first = value;
  } catch {
    // Storage may be forbidden or hold something of another version: the default will do.
  }
  const state = signal(first);
  effect(() => {
    const text = JSON.stringify(state.value);
    try {
      globalThis.localStorage?.setItem(key, text);
    } catch {
      // Full or forbidden: the choice lasts until the page is closed.
    }
  });
  return state;
}

export type Theme = "system" | "light" | "dark";
const isTheme = (value: unknown): value is Theme => value === "system" || value === "light" || value === "dark";
export const theme = stored<Theme>("theme", "system", isTheme);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
/** Searches made here, newest first. */
export const searches = stored<string[]>("searches", [], isTexts);
/** Event times as clock times, or as how long ago. */
export const eventTime = stored<"clock" | "ago">(
  "event-time",
  "clock",
  (v): v is "clock" | "ago" => v === "clock" || v === "ago",
);

/** Remembers a search, once, at most 20. */
export function rememberSearch(text: string): void {
  if (text !== "") searches.value = [text, ...searches.value.filter((item) => item !== text)].slice(0, 20);
}

/** Keeps the document's theme in step with the choice. */
export function startTheme(): () => void {
  return effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
  });
}
