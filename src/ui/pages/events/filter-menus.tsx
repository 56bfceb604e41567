import type { JSX } from "preact";
import { EVENT_FAMILIES, EVENT_KINDS, KINDS } from "../../../core/event/kinds.ts";
import { SEVERITIES } from "../../../core/event/severity.ts";
import { isNarrow } from "../../media.ts";
import { ColumnsMenu } from "../../parts/column-choice.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import { FAMILY_WORDS, sentence } from "../../words.ts";
import { EVENT_COLUMNS, eventColumnChoice } from "./columns.tsx";
import type { EventsState } from "./state.ts";

function toggled(list: readonly string[] | undefined, value: string): string[] | undefined {
  const next = list?.includes(value) ? list.filter((item) => item !== value) : [...(list ?? []), value];
  return next.length > 0 ? next : undefined;
}

/** Severity and kind as menus, for those who would rather point than write. */
export function FilterMenus({ state }: { state: EventsState }): JSX.Element {
  const { kind, severity, ...rest } = state.filter.value;
  const set = (next: { kind?: string[] | undefined; severity?: string[] | undefined }): void => {
    const k = "kind" in next ? next.kind : kind;
    const s = "severity" in next ? next.severity : severity;
    state.setFilter({ ...rest, ...(k ? { kind: k } : {}), ...(s ? { severity: s } : {}) });
  };
  const kinds = EVENT_FAMILIES.flatMap((family): MenuEntry[] => [
    { heading: FAMILY_WORDS[family] },
    ...EVENT_KINDS.filter((k) => KINDS[k].family === family).map((k) => ({
      label: KINDS[k].title,
      checked: kind?.includes(k) ?? false,
      onSelect: () => set({ kind: toggled(kind, k) }),
    })),
  ]);
  return (
    <div class="row">
      <Menu
        label="Severity"
        align="right"
        keepOpen
        button={
          <>
            Severity <Icon name="chevronDown" size={12} />
          </>
        }
        items={SEVERITIES.toReversed().map((s) => ({
          label: sentence(s),
          checked: severity?.includes(s) ?? false,
          onSelect: () => set({ severity: toggled(severity, s) }),
        }))}
      />
      <Menu
        label="Kind"
        align="right"
        keepOpen
        button={
          <>
            Kind <Icon name="chevronDown" size={12} />
          </>
        }
        items={kinds}
      />
      {!isNarrow.value && <ColumnsMenu columns={EVENT_COLUMNS} choice={eventColumnChoice} />}
    </div>
  );
}
