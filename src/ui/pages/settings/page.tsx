import type { JSX } from "preact";
import type { Role } from "../../../core/api/auth.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Button } from "../../parts/button.tsx";
import { Segments } from "../../parts/field.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { theme, type Theme } from "../../prefs.ts";
import { can, me, signOut, version } from "../../session.ts";
import { sentence } from "../../words.ts";
import { AuditSection } from "./audit-section.tsx";
import { AuthoritySection } from "./authority-section.tsx";
import { StorageSection } from "./storage-section.tsx";
import { TokensSection } from "./tokens-section.tsx";

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

interface SettingsSection {
  readonly name: string;
  readonly label: string;
  /** Least role that sees it. */
  readonly role: Role;
  /** Fills the page and scrolls within. */
  readonly fills: boolean;
  readonly Body: () => JSX.Element | null;
}

const SECTIONS: readonly SettingsSection[] = [
  { name: "account", label: "Account", role: "viewer", fills: false, Body: Account },
  { name: "storage", label: "Storage", role: "admin", fills: false, Body: StorageSection },
  { name: "trust", label: "Trust", role: "admin", fills: false, Body: AuthoritySection },
  { name: "tokens", label: "Tokens", role: "operator", fills: true, Body: TokensSection },
  { name: "audit", label: "Audit log", role: "operator", fills: true, Body: AuditSection },
];

/** The person's own settings, and those of the installation that their role may see. */
export function SettingsPage({ section }: { section: string }): JSX.Element {
  const at = SECTIONS.find((s) => s.name === section && can(s.role)) ?? SECTIONS[0]!;
  return (
    <div class={at.fills ? "page page-fill" : "page page-scroll"}>
      <div class="page-list">
        <PageHead title="Settings" />
        <nav class="tabs" aria-label="Settings">
          {SECTIONS.filter((s) => can(s.role)).map((s) => (
            <a
              key={s.name}
              href={s.name === "account" ? "/settings" : `/settings/${s.name}`}
              aria-current={s === at ? "page" : undefined}
            >
              {s.label}
            </a>
          ))}
        </nav>
        <at.Body />
      </div>
    </div>
  );
}

function Account(): JSX.Element | null {
  const person = me.value;
  if (!person) return null;
  return (
    <div class="stack stack-6 settings">
      <Section title="Account">
        <Facts
          items={[
            ["Name", person.name],
            ["Email", person.email],
            ["Role", sentence(person.role)],
            ["Organisation", person.tenant_name],
          ]}
        />
        <div class="row">
          <Button onClick={() => void signOut()}>Sign out</Button>
        </div>
      </Section>
      <Section title="Theme">
        <div class="row">
          <Segments
            label="Theme"
            value={theme.value}
            options={THEMES}
            onChange={(value) => (theme.value = THEMES.find((t) => t.value === value)?.value ?? "system")}
          />
        </div>
        <p class="faint">Kept in this browser.</p>
      </Section>
      <Section title="About">
        <Facts items={[["Version", <span class="machine">{version.value}</span>]]} />
      </Section>
    </div>
  );
}
