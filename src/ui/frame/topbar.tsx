import type { JSX } from "preact";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import { RangePicker } from "../parts/range-picker.tsx";
import { lastHeardMs, liveState, paused, setPaused } from "../live.ts";
import { formatClock } from "../format.ts";
import { theme, type Theme } from "../prefs.ts";
import { route } from "../router.ts";
import { can, me, signOut, version } from "../session.ts";
import { sentence } from "../words.ts";
import { keysOpen, paletteOpen } from "./open.ts";

/** Whether news come in, and the switch to hold them. */
function LiveSwitch(): JSX.Element {
  const state = liveState.value;
  if (state === "lost" || state === "connecting") {
    const since = lastHeardMs.value > 0 ? ` since ${formatClock(lastHeardMs.value)}` : "";
    const word = state === "lost" ? "Reconnecting" : "Connecting";
    return (
      <span class={`live live-${state}`} role="status" title={`No live news${since}. Trying again by itself.`}>
        <span class="live-dot" />
        <span class="live-word">{word}</span>
      </span>
    );
  }
  const held = paused.value;
  return (
    <button
      type="button"
      class={`live live-${held ? "paused" : state}`}
      aria-pressed={held}
      title={held ? "News are held back. Press to go on (p)." : "News arrive by themselves. Press to hold them (p)."}
      onClick={() => setPaused(!held)}
    >
      {held ? <Icon name="play" size={14} /> : <span class="live-dot" />}
      <span class="live-word">{held ? "Paused" : "Live"}</span>
    </button>
  );
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function PersonMenu(): JSX.Element | null {
  const person = me.value;
  if (!person) return null;
  return (
    <Menu
      label={`${person.name}: account`}
      align="right"
      buttonClass="icon-button"
      button={<Icon name="person" />}
      items={[
        { heading: person.name },
        { heading: `${person.email}, ${sentence(person.role).toLowerCase()}` },
        "line",
        { label: "Account and settings", href: "/settings" },
        ...THEMES.map((value) => ({
          label: value === "system" ? "Theme of the system" : `${sentence(value)} theme`,
          checked: theme.value === value,
          onSelect: () => {
            theme.value = value;
          },
        })),
        { label: "Keyboard", hint: "?", onSelect: () => (keysOpen.value = true) },
        "line",
        { label: "Sign out", onSelect: () => void signOut() },
        { heading: `Telovix ${version.value}` },
      ]}
    />
  );
}

const WITH_RANGE = new Set(["overview", "events", "losses"]);

export function Topbar(): JSX.Element {
  return (
    <header class="topbar">
      <span class="topbar-tenant cut" title={`Organisation: ${me.value?.tenant_name ?? ""}`}>
        {me.value?.tenant_name}
      </span>
      <button type="button" class="topbar-search" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" />
        <span class="grow cut">Search sensors, events, pages</span>
        <kbd>Ctrl K</kbd>
      </button>
      <span class="grow" />
      {WITH_RANGE.has(route.value.page) && (can("analyst") || route.value.page === "losses") && <RangePicker />}
      <LiveSwitch />
      <PersonMenu />
    </header>
  );
}
