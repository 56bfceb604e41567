import type { JSX } from "preact";

/** Own line icons on a 16 px grid; each stands beside its word the first time it is met. */
const PATHS = {
  overview: "M2.5 8.5 8 3l5.5 5.5M4 7.5V13h8V7.5M6.75 13V9.75h2.5V13",
  events: "M2.5 4h11M2.5 8h7M2.5 12h4.5M12.5 10.5v3M11 12h3",
  sensors: "M3 3.5h10v4H3zM3 9.5h10v3.5H3zM5.25 5.5h.01M5.25 11.25h.01M8 5.5h3M8 11.25h3",
  losses: "M2.5 12.5v-3M5.25 12.5V6M8 12.5v-1.75M8 7.5V4M10.75 12.5V5M13.5 12.5V8",
  settings: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3",
  search: "M7 2.75a4.25 4.25 0 1 0 0 8.5 4.25 4.25 0 0 0 0-8.5M10.2 10.2l3.3 3.3",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3.5 8.5 3 3 6-7",
  chevronDown: "m4 6.25 4 4 4-4",
  chevronRight: "m6.25 4 4 4-4 4",
  chevronLeft: "m9.75 4-4 4 4 4",
  clock: "M8 2.75a5.25 5.25 0 1 0 0 10.5 5.25 5.25 0 0 0 0-10.5M8 5v3.2l2.2 1.3",
  pause: "M5.75 3.75v8.5M10.25 3.75v8.5",
  play: "M5.25 3.75v8.5l7-4.25z",
  copy: "M5.5 5.5h7.25v7.25H5.5zM3.25 10.5V3.25h7.25",
  more: "M3.75 8h.01M8 8h.01M12.25 8h.01",
  plus: "M8 3.25v9.5M3.25 8h9.5",
  minus: "M3.25 8h9.5",
  person: "M8 3a2.4 2.4 0 1 0 0 4.8A2.4 2.4 0 0 0 8 3M3.25 13c.5-2.2 2.3-3.4 4.75-3.4s4.25 1.2 4.75 3.4",
  tree: "M3.5 3v8.75H7M3.5 6H7M9 4.5h4v3H9zM9 10.25h4v3H9z",
  file: "M4 2.75h5l3 3v7.5H4zM9 2.75v3h3",
  network:
    "M8 2.75a5.25 5.25 0 1 0 0 10.5 5.25 5.25 0 0 0 0-10.5M2.75 8h10.5M8 2.75c2.6 3 2.6 7.5 0 10.5M8 2.75c-2.6 3-2.6 7.5 0 10.5",
  dns: "M3 4.25h10M3 8h6.5M3 11.75h4M11 10.25l2 1.5-2 1.5",
  process: "M2.75 3.5h10.5v9H2.75zM5 6.5 6.75 8 5 9.5M8 10h3",
  warning: "M8 3 14 13H2zM8 6.75v2.75M8 11.25h.01",
  external: "M6.5 3.5h-3v9h9v-3M9 3h4v4M13 3 7.5 8.5",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  columns: "M2.75 3.25h10.5v9.5H2.75zM6.25 3.25v9.5M9.75 3.25v9.5",
  keyboard: "M2 4.25h12v7.5H2zM4.5 6.5h.01M7 6.5h.01M9.25 6.5h.01M11.5 6.5h.01M5 9.5h6",
  up: "M8 12.75v-9.5M4 7.25l4-4 4 4",
  down: "M8 3.25v9.5M4 8.75l4 4 4-4",
  back: "M13 8H3.5M7 4 3 8l4 4",
  full: "M9.25 3h3.75v3.75M13 3 9.25 6.75M6.75 13H3V9.25M3 13l3.75-3.75",
  lock: "M4 7.25h8v5.5H4zM5.75 7.25V5.5a2.25 2.25 0 0 1 4.5 0v1.75",
  container: "M8 2.5 13 5v6l-5 2.5L3 11V5zM3 5l5 2.5L13 5M8 7.5v6",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon; the word beside it (or the button's label) carries the meaning. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
