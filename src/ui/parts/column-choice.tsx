import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { stored } from "../prefs.ts";
import { Button, IconButton } from "./button.tsx";
import type { Column } from "./column.ts";
import { moveColumn, toggleColumn } from "./column-fit.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

/** Ids of the columns to show, in order; empty: the table decides by its width. */
export type ColumnChoice = Signal<readonly string[]>;

const isIds = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= 64 && value.every((item) => typeof item === "string");

/** The choice for a table, kept in this browser. */
export function columnChoice(table: string): ColumnChoice {
  return stored<readonly string[]>(`columns.${table}`, [], isIds);
}

/** Which columns a table shows, and in which order. */
export function ColumnsMenu<T>({
  columns,
  choice,
}: {
  columns: readonly Column<T>[];
  choice: ColumnChoice;
}): JSX.Element {
  const all = columns.map((c) => c.id);
  const own = columns.filter((c) => !c.optional).map((c) => c.id);
  const chosen = choice.value.filter((id) => all.includes(id));
  const now = chosen.length > 0 ? chosen : own;
  const listed = [...now, ...all.filter((id) => !now.includes(id))];
  return (
    <Menu
      label="Columns"
      align="right"
      buttonClass="icon-button"
      button={<Icon name="columns" />}
      items={[{ heading: "Columns, in order" }]}
    >
      <ul class="column-list">
        {listed.map((id) => {
          const shown = now.includes(id);
          const label = columns.find((c) => c.id === id)?.label ?? id;
          return (
            <li key={id}>
              <label class="check grow">
                <input
                  type="checkbox"
                  checked={shown}
                  disabled={shown && now.length === 1}
                  onChange={() => (choice.value = toggleColumn(all, now, id))}
                />
                {label}
              </label>
              <IconButton
                icon="up"
                label={`Move ${label} to the left`}
                disabled={!shown || now[0] === id}
                onClick={() => (choice.value = moveColumn(now, id, -1))}
              />
              <IconButton
                icon="down"
                label={`Move ${label} to the right`}
                disabled={!shown || now.at(-1) === id}
                onClick={() => (choice.value = moveColumn(now, id, 1))}
              />
            </li>
          );
        })}
      </ul>
      <div class="column-foot">
        <Button kind="quiet" disabled={chosen.length === 0} onClick={() => (choice.value = [])}>
          As it was
        </Button>
        <span class="faint">What does not fit is left out.</span>
      </div>
    </Menu>
  );
}
