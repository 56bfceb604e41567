import type { JSX } from "preact";
import type { Role } from "../../core/api/auth.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { route, withRange, type Route } from "../router.ts";
import { can } from "../session.ts";

interface Section {
  readonly label: string;
  readonly icon: IconName;
  readonly href: string;
  readonly pages: readonly Route["page"][];
  /** Least role it is of use to; a viewer's when absent. */
  readonly role?: Role;
}

/** Only sections that work are here. */
const SECTIONS: readonly Section[] = [
  { label: "Overview", icon: "overview", href: "/", pages: ["overview"] },
  {
    label: "Investigate",
    icon: "events",
    href: "/events",
    pages: ["events", "event", "lineage-event", "lineage-process"],
    role: "analyst",
  },
  { label: "Sensors", icon: "sensors", href: "/sensors", pages: ["sensors", "sensor"] },
  { label: "Losses", icon: "losses", href: "/losses", pages: ["losses"] },
  { label: "Settings", icon: "settings", href: "/settings", pages: ["settings"] },
];

/** Sections that are of use to the person signed in. */
export function sections(): readonly Section[] {
  return SECTIONS.filter((section) => section.role === undefined || can(section.role));
}

/** The product's mark: a host's line and what is watched beneath it. */
export function Brand(): JSX.Element {
  return (
    <span class="brand">
      <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
        <rect class="brand-back" width="16" height="16" rx="3.5" />
        <path class="brand-line" d="M3.5 4.5h9M8 4.5v7.5M5.5 8.2 8 12l2.5-3.8" />
      </svg>
      <span class="brand-word">Telovix</span>
    </span>
  );
}

export function Rail(): JSX.Element {
  const page = route.value.page;
  return (
    <nav class="rail" aria-label="Sections">
      <a class="rail-brand" href={withRange("/")} aria-label="Telovix, to the overview">
        <Brand />
      </a>
      <ul>
        {sections().map((section) => (
          <li key={section.label}>
            <a
              class="rail-item"
              href={section.href === "/settings" ? section.href : withRange(section.href)}
              aria-current={section.pages.includes(page) ? "page" : undefined}
              title={section.label}
            >
              <Icon name={section.icon} />
              <span class="rail-word">{section.label}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
