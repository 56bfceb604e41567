import { signal, type Signal } from "@preact/signals";

function watch(text: string): Signal<boolean> {
  const list = typeof window === "undefined" ? undefined : window.matchMedia(text);
  const matches = signal(list?.matches ?? false);
  list?.addEventListener("change", (event) => {
    matches.value = event.matches;
  });
  return matches;
}

/** A phone: tables become lists of two-line rows, panes become pages. */
export const isNarrow = watch("(max-width: 640px)");
/** The system's own choice of colours. */
export const prefersDark = watch("(prefers-color-scheme: dark)");
