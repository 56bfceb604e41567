import type { ComponentChildren, JSX } from "preact";
import { Icon } from "./icon.tsx";
import type { Column } from "./column.ts";

/** Head of a table; on a phone it is there for screen readers only. */
export function TableHead<T>(props: {
  columns: readonly Column<T>[];
  template: string;
  narrow: boolean;
  sort: { readonly id: string; readonly order: "asc" | "desc" } | undefined;
  onSort: ((id: string) => void) | undefined;
  allChecked: boolean | undefined;
  onCheckAll: () => void;
}): JSX.Element {
  return (
    <div role="rowgroup" class={props.narrow ? "visually-hidden" : "table-head"}>
      <div role="row" class="table-row" style={{ gridTemplateColumns: props.template }} aria-rowindex={1}>
        {props.allChecked !== undefined && (
          <div role="columnheader" class="cell cell-check">
            <input
              type="checkbox"
              aria-label="Select all rows"
              checked={props.allChecked}
              onChange={props.onCheckAll}
            />
          </div>
        )}
        {props.columns.map((column) => (
          <HeadCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
        ))}
      </div>
    </div>
  );
}

function HeadCell<T>(props: {
  column: Column<T>;
  sort: { readonly id: string; readonly order: "asc" | "desc" } | undefined;
  onSort: ((id: string) => void) | undefined;
}): JSX.Element {
  const { column, sort } = props;
  const order = sort?.id === column.id ? sort.order : undefined;
  const ariaSort = order === undefined ? undefined : order === "asc" ? "ascending" : "descending";
  const cls = `cell${column.align === "right" ? " cell-right" : ""}`;
  const action = column.sortable ? { label: "", onClick: () => props.onSort?.(column.id) } : column.headAction;
  return (
    <div role="columnheader" class={cls} aria-sort={ariaSort}>
      {action ? (
        <button type="button" class="head-button" title={action.label || undefined} onClick={action.onClick}>
          {column.label}
          {order && (
            <span class={`head-order head-${order}`}>
              <Icon name="chevronDown" size={12} />
            </span>
          )}
        </button>
      ) : (
        <span class="cut">{column.label}</span>
      )}
    </div>
  );
}

/** One row, placed by its index. */
export function TableRow<T>(props: {
  row: T;
  id: string;
  index: number;
  top: number;
  height: number;
  template: string;
  columns: readonly Column<T>[];
  narrow: ((row: T) => ComponentChildren) | undefined;
  active: boolean;
  tone: string;
  checked: boolean | undefined;
  onToggle: () => void;
  onClick: () => void;
}): JSX.Element {
  const style = {
    transform: `translateY(${props.top}px)`,
    height: `${props.height}px`,
    gridTemplateColumns: props.narrow ? (props.checked === undefined ? "1fr" : "32px 1fr") : props.template,
  };
  return (
    <div
      role="row"
      id={`row-${props.id}`}
      class={`table-row table-data ${props.tone}`}
      style={style}
      aria-rowindex={props.index + 2}
      aria-selected={props.active || props.checked === true}
      data-active={props.active}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("a, button, input, label")) return;
        props.onClick();
      }}
    >
      {props.checked !== undefined && (
        <div role="gridcell" class="cell cell-check">
          <input
            type="checkbox"
            aria-label="Select row"
            checked={props.checked}
            onChange={props.onToggle}
            tabIndex={-1}
          />
        </div>
      )}
      {props.narrow ? (
        <div role="gridcell" class="cell-narrow">
          {props.narrow(props.row)}
        </div>
      ) : (
        props.columns.map((column) => (
          <div key={column.id} role="gridcell" class={`cell${column.align === "right" ? " cell-right" : ""}`}>
            {column.cell(props.row)}
          </div>
        ))
      )}
    </div>
  );
}
