import { signal } from "@preact/signals";

/** One key, or two pressed after each other (`g s`), and what it does. */
export interface KeyBinding {
  readonly keys: string;
  readonly label: string;
  readonly group: string;
  readonly run: (event: KeyboardEvent) => void;
}

/** Bindings in force, newest last: the newest of equal keys wins. */
export const bindings = signal<readonly KeyBinding[]>([]);
const SEQUENCE_MS = 900;

/** Puts bindings in force; returns how to take them back. */
export function bindKeys(list: readonly KeyBinding[]): () => void {
  bindings.value = [...bindings.peek(), ...list];
  return () => {
    bindings.value = bindings.peek().filter((binding) => !list.includes(binding));
  };
}

/** Name of a pressed key as bindings write it: `mod+k`, `?`, `j`, `Escape`. */
export function keyName(event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return `${event.metaKey || event.ctrlKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}

/** The binding for a key that comes after `pending`, or whether it begins one; pure. */
export function findBinding(
  list: readonly KeyBinding[],
  pending: string,
  key: string,
): { readonly binding: KeyBinding | undefined; readonly begins: boolean } {
  const typed = pending === "" ? key : `${pending} ${key}`;
  const binding = list.findLast((item) => item.keys === typed);
  return { binding, begins: list.some((item) => item.keys.startsWith(`${typed} `)) };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Listens for keys; returns how to stop. Keys are left alone while typing (but for mod-keys) and inside dialogs. */
export function startKeys(): () => void {
  let pending = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = keyName(event);
    if (isTyping(event.target) && !key.startsWith("mod+")) return;
    if (event.target instanceof HTMLElement && event.target.closest("dialog") && !key.startsWith("mod+")) return;
    const found = findBinding(bindings.value, pending, key);
    clearTimeout(timer);
    pending = "";
    if (found.binding) {
      event.preventDefault();
      found.binding.run(event);
    } else if (found.begins) {
      pending = key;
      timer = setTimeout(() => {
        pending = "";
      }, SEQUENCE_MS);
    }
  };
  window.addEventListener("keydown", onKey);
  return () => {
    clearTimeout(timer);
    window.removeEventListener("keydown", onKey);
  };
}
