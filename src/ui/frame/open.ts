import { signal } from "@preact/signals";

/** Whether the command palette and the list of keys are open. */
export const paletteOpen = signal(false);
export const keysOpen = signal(false);
