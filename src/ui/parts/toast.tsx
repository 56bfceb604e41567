import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { ApiFailure } from "../api.ts";
import { IconButton } from "./button.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly hint: string | undefined;
  readonly tone: "done" | "failed";
}

const SHOWN_MS = 6000;
const MOST = 4;
const toasts = signal<readonly Toast[]>([]);
let nextId = 1;

function push(toast: Omit<Toast, "id">): void {
  const id = nextId++;
  toasts.value = [...toasts.value, { ...toast, id }].slice(-MOST);
  // A failure stays until it is read away.
  if (toast.tone === "done") setTimeout(() => drop(id), SHOWN_MS);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Says what I did: "node-7 disabled." */
export function toastDone(text: string): void {
  push({ text, hint: undefined, tone: "done" });
}

/** Says what could not be done, why, and what to do. */
export function toastFailed(what: string, failure: ApiFailure): void {
  push({ text: `${what} ${failure.message}`, hint: failure.hint, tone: "failed" });
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast toast-${toast.tone}`}>
          <div class="grow">
            <p>{toast.text}</p>
            {toast.hint && <p class="quiet">{toast.hint}</p>}
          </div>
          <IconButton icon="close" label="Dismiss" onClick={() => drop(toast.id)} />
        </div>
      ))}
    </div>
  );
}
