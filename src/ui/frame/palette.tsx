import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SensorSummary } from "../../core/api/sensors.ts";
import { EVENT_KINDS } from "../../core/event/kinds.ts";
import { api } from "../api.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { theme } from "../prefs.ts";
import { navigate, withRange } from "../router.ts";
import { can } from "../session.ts";
import { kindTitle } from "../words.ts";
import { keysOpen, paletteOpen } from "./open.ts";
import { sections } from "./rail.tsx";

interface Entry {
  readonly group: string;
  readonly label: string;
  readonly hint: string;
  readonly icon: IconName;
  readonly run: () => void;
}

const WAIT_MS = 120;

function matches(text: string, words: readonly string[]): boolean {
  const low = text.toLowerCase();
  return words.every((word) => low.includes(word));
}

function entries(text: string, sensors: readonly SensorSummary[]): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const go = (href: string) => () => navigate(href);
  const list: Entry[] = [
    ...sections().map((s) => ({ group: "Pages", label: s.label, hint: "", icon: s.icon, run: go(withRange(s.href)) })),
    ...(can("admin")
      ? [
          { group: "Pages", label: "Storage", hint: "", icon: "settings" as const, run: go("/settings/storage") },
          { group: "Pages", label: "Trust", hint: "", icon: "settings" as const, run: go("/settings/trust") },
        ]
      : []),
    ...(can("operator")
      ? [
          { group: "Pages", label: "Deploy a sensor", hint: "", icon: "plus" as const, run: go("/sensors?deploy=1") },
          { group: "Pages", label: "Tokens", hint: "", icon: "lock" as const, run: go("/settings/tokens") },
          { group: "Pages", label: "Audit log", hint: "", icon: "lock" as const, run: go("/settings/audit") },
        ]
      : []),
    {
      group: "Commands",
      label: "Light theme",
      hint: "",
      icon: "settings" as const,
      run: () => (theme.value = "light"),
    },
    { group: "Commands", label: "Dark theme", hint: "", icon: "settings" as const, run: () => (theme.value = "dark") },
    { group: "Commands", label: "Keyboard", hint: "?", icon: "keyboard" as const, run: () => (keysOpen.value = true) },
  ].filter((entry) => matches(entry.label, words));
  const kinds: Entry[] =
    words.length === 0 || !can("analyst")
      ? []
      : EVENT_KINDS.filter((kind) => matches(`${kind} ${kindTitle(kind)}`, words))
          .slice(0, 5)
          .map((kind) => ({
            group: "Kinds of event",
            label: kindTitle(kind),
            hint: kind,
            icon: "filter",
            run: go(withRange(`/events?kind=${kind}`)),
          }));
  const hosts: Entry[] = sensors.slice(0, 8).map((s) => ({
    group: "Sensors",
    label: s.node_name,
    hint: s.health_state,
    icon: "sensors",
    run: go(`/sensors/${s.sensor_id}`),
  }));
  const search: Entry[] =
    text.trim() === "" || !can("analyst")
      ? []
      : [
          {
            group: "Events",
            label: `Search events for “${text.trim()}”`,
            hint: "",
            icon: "search",
            run: go(withRange(`/events?${new URLSearchParams({ q: text.trim() }).toString()}`)),
          },
        ];
  return [...hosts, ...search, ...kinds, ...list];
}

function Palette(): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [sensors, setSensors] = useState<readonly SensorSummary[]>([]);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useMemo(() => entries(text, sensors), [text, sensors]);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.sensors({ q: text.trim(), page_size: 8 }, abort.signal).then(
        (answer) => setSensors(answer.sensors),
        () => setSensors([]),
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  const close = (): void => {
    paletteOpen.value = false;
  };
  const take = (entry: Entry | undefined): void => {
    if (!entry) return;
    close();
    entry.run();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Search everything"
      onCancel={close}
      onPointerDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="palette-box">
        <div class="palette-input">
          <Icon name="search" />
          <input
            value={text}
            autoFocus
            role="combobox"
            aria-label="Search everything"
            aria-expanded={true}
            aria-controls="palette-list"
            aria-activedescendant={list.length > 0 ? `palette-${at}` : undefined}
            placeholder="Search sensors, events, pages"
            spellcheck={false}
            autoComplete="off"
            onInput={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={(event) => {
              if (event.key === "ArrowDown") setAt(Math.min(list.length - 1, at + 1));
              else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
              else if (event.key === "Enter") take(list[at]);
              else return;
              event.preventDefault();
            }}
          />
        </div>
        <ul id="palette-list" class="palette-list" role="listbox" aria-label="Results">
          {list.map((entry, i) => (
            <li
              key={entry.group + entry.label}
              id={`palette-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerMove={() => setAt(i)}
              onClick={() => take(entry)}
            >
              <Icon name={entry.icon} />
              <span class="grow cut">{entry.label}</span>
              <span class="faint">{entry.hint || entry.group}</span>
            </li>
          ))}
        </ul>
      </div>
    </dialog>
  );
}

export function PaletteHost(): JSX.Element | null {
  return paletteOpen.value ? <Palette /> : null;
}
