import type { JSX } from "preact";
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

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** The person's own settings, and the audit log. */
export function SettingsPage({ section }: { section: string }): JSX.Element {
  const audit = section === "audit";
  const storage = section === "storage" && can("admin");
  const trust = section === "trust" && can("admin");
  return (
    <div class={audit ? "page page-fill" : "page page-scroll"}>
      <div class="page-list">
        <PageHead title="Settings" />
        <nav class="tabs" aria-label="Settings">
          <a href="/settings" aria-current={audit || storage || trust ? undefined : "page"}>
            Account
          </a>
          {can("admin") && (
            <a href="/settings/storage" aria-current={storage ? "page" : undefined}>
              Storage
            </a>
          )}
          {can("admin") && (
            <a href="/settings/trust" aria-current={trust ? "page" : undefined}>
              Trust
            </a>
          )}
          {can("operator") && (
            <a href="/settings/audit" aria-current={audit ? "page" : undefined}>
              Audit log
            </a>
          )}
        </nav>
        {audit ? <AuditSection /> : storage ? <StorageSection /> : trust ? <AuthoritySection /> : <Account />}
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
