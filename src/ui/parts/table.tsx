import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isNarrow } from "../media.ts";
import { useSize } from "./measure.ts";
import type { Column } from "./column.ts";
import type { ColumnChoice } from "./column-choice.tsx";
import { fitColumns } from "./column-fit.ts";
import { TableHead, TableRow } from "./table-row.tsx";
import { scrollToShow, virtualWindow } from "./virtual-window.ts";

export interface TableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  /** The reader's choice of columns, if there is one for this table. */
  readonly choice?: ColumnChoice;
  readonly rowKey: (row: T) => string;
  /** The row as two lines, on a phone. */
  readonly narrow: (row: T) => ComponentChildren;
  /** The row at hand: walked with the arrow keys. */
  readonly active?: string | undefined;
  readonly onActive?: (key: string) => void;
  /** Enter, and a click unless `clickOpens` is false. */
  readonly onOpen?: (row: T) => void;
  readonly clickOpens?: boolean;
  readonly rowTone?: (row: T) => string;
  readonly checked?: ReadonlySet<string>;
  readonly onChecked?: (keys: ReadonlySet<string>) => void;
  readonly sort?: { readonly id: string; readonly order: "asc" | "desc" } | undefined;
  readonly onSort?: (id: string) => void;
  /** Called when the end comes into view. */
  readonly onEnd?: () => void;
  readonly footer?: ComponentChildren;
  /** Told whether the top row is in view. */
  readonly onTop?: (atTop: boolean) => void;
  /** As tall as its rows instead of filling its place. */
  readonly fit?: boolean;
}

const ROW = 32;
const NARROW_ROW = 60;
const OVERSCAN = 12;
const CHECK = 48;

/** A table of any length: only rows in view are drawn, the head stays, the keyboard walks. */
export function Table<T>(props: TableProps<T>): JSX.Element {
  const { rows, rowKey } = props;
  const narrow = isNarrow.value;
  const rowHeight = narrow ? NARROW_ROW : ROW;
  const head = narrow ? 0 : ROW;
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const [scrollTop, setScrollTop] = useState(0);
  const view = virtualWindow({
    scrollTop,
    viewport: size.height || 640,
    rowHeight,
    count: rows.length,
    overscan: OVERSCAN,
  });
  const chosen = props.choice?.value ?? [];
  const columns = fitColumns(
    props.columns,
    chosen.length > 0 ? chosen : undefined,
    size.width,
    props.checked ? CHECK : 0,
  );
  const template = (props.checked ? "32px " : "") + columns.map((c) => c.width).join(" ");
  const activeIndex = props.active === undefined ? -1 : rows.findIndex((row) => rowKey(row) === props.active);

  useEffect(() => {
    const element = box.current;
    if (!element || activeIndex < 0) return;
    // The page scrolls around a table that is as tall as its rows.
    if (props.fit) {
      document.getElementById(`row-${props.active}`)?.scrollIntoView({ block: "nearest" });
      return;
    }
    element.scrollTop = scrollToShow({
      index: activeIndex,
      scrollTop: element.scrollTop,
      viewport: element.clientHeight,
      rowHeight,
      head,
    });
  }, [props.active, rowHeight]);
  const atEnd = view.end >= rows.length - OVERSCAN;
  useEffect(() => {
    if (atEnd && rows.length > 0) props.onEnd?.();
  }, [atEnd, rows.length]);

  const walk = (to: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row !== undefined) props.onActive?.(rowKey(row));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== box.current) return;
    const page = Math.max(1, Math.floor((size.height - head) / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    const row = rows[activeIndex];
    if (to !== undefined && props.onActive) walk(to);
    else if (event.key === "Enter" && row !== undefined && props.onOpen) props.onOpen(row);
    else if (event.key === " " && row !== undefined && props.onChecked) toggle(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const toggle = (row: T): void => {
    const next = new Set(props.checked);
    const key = rowKey(row);
    if (!next.delete(key)) next.add(key);
    props.onChecked?.(next);
  };
  const allChecked =
    rows.length > 0 && props.checked !== undefined && rows.every((row) => props.checked?.has(rowKey(row)));

  return (
    <div
      ref={box}
      class={`table${props.fit ? " table-fit" : ""}${props.onOpen && props.clickOpens !== false ? " table-opens" : ""}${narrow ? " table-narrow" : ""}`}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-multiselectable={props.checked !== undefined}
      aria-activedescendant={activeIndex >= view.first && activeIndex < view.end ? `row-${props.active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={(event) => {
        const top = event.currentTarget.scrollTop;
        setScrollTop(top);
        props.onTop?.(top < rowHeight / 2);
      }}
    >
      <TableHead
        columns={columns}
        template={template}
        narrow={narrow}
        sort={props.sort}
        onSort={props.onSort}
        allChecked={props.checked ? allChecked : undefined}
        onCheckAll={() => props.onChecked?.(allChecked ? new Set() : new Set(rows.map(rowKey)))}
      />
      <div role="rowgroup" class="table-body" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(view.first, view.end).map((row, i) => (
          <TableRow
            key={rowKey(row)}
            row={row}
            id={rowKey(row)}
            index={view.first + i}
            top={(view.first + i) * rowHeight}
            height={rowHeight}
            template={template}
            columns={columns}
            narrow={narrow ? props.narrow : undefined}
            active={view.first + i === activeIndex}
            tone={props.rowTone?.(row) ?? ""}
            checked={props.checked?.has(rowKey(row))}
            onToggle={() => toggle(row)}
            onClick={() => {
              props.onActive?.(rowKey(row));
              if (props.clickOpens !== false) props.onOpen?.(row);
            }}
          />
        ))}
      </div>
      {props.footer}
    </div>
  );
}
