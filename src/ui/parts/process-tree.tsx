import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Lineage } from "../../core/api/events.ts";
import { formatClock, formatDay } from "../format.ts";
import { BlindPatterns, lostWords, type BlindRange } from "./blind.tsx";
import { timeTicks } from "./histogram-scale.ts";
import { useSize } from "./measure.ts";
import { timeDomain } from "./time-domain.ts";
import { layoutTree, type TreeRow } from "./tree-layout.ts";
import { TREE_ROW, TreeLink, TreeRowView, treeGrid } from "./tree-row.tsx";
import { scrollToShow, virtualWindow } from "./virtual-window.ts";

const HEAD = 26;

/**
 * Processes around an event: one row each, indented under their parents, their lives on a common time lane from left to
 * right. Arrow keys walk, right and left open and close, Enter chooses. Only rows in view are drawn.
 */
export function ProcessTree(props: {
  lineage: Lineage;
  active: string | undefined;
  onActive: (row: TreeRow) => void;
  nowMs: number;
  /** Times in which something of this sensor is known to be missing: what happened then may not be in the tree. */
  blind?: readonly BlindRange[];
}): JSX.Element {
  const { lineage } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const [scrollTop, setScrollTop] = useState(0);
  const rows = useMemo(() => layoutTree(lineage, open, closed), [lineage, open, closed]);
  const domain = useMemo(() => timeDomain(lineage.nodes, lineage.focus_exec_id, props.nowMs), [lineage]);
  const grid = treeGrid(size.width);
  const x = (ms: number): number =>
    grid.laneLeft + ((ms - domain.fromMs) / (domain.toMs - domain.fromMs)) * (size.width - 8 - grid.laneLeft);
  const view = virtualWindow({
    scrollTop,
    viewport: size.height || 600,
    rowHeight: TREE_ROW,
    count: rows.length,
    overscan: 16,
  });
  const at = rows.findIndex(
    (row) =>
      row.key === props.active || (row.members.length === 1 && row.chain.some((n) => n.exec_id === props.active)),
  );

  useEffect(() => {
    const element = box.current;
    const index = at >= 0 ? at : rows.findIndex((row) => row.isFocus);
    if (element && index >= 0)
      element.scrollTop = scrollToShow({
        index,
        scrollTop: element.scrollTop,
        viewport: element.clientHeight,
        rowHeight: TREE_ROW,
        head: HEAD,
      });
  }, [props.active, size.height]);

  const toggle = (row: TreeRow): void => {
    if (!row.expandable) return;
    const [set, change] = row.members.length > 1 ? [open, setOpen] : [closed, setClosed];
    const next = new Set(set);
    if (!next.delete(row.key)) next.add(row.key);
    change(next);
  };
  const walk = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) props.onActive(row);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (event.key === "ArrowDown" || event.key === "j") walk(at + 1);
    else if (event.key === "ArrowUp" || event.key === "k") walk(at - 1);
    else if (event.key === "Home") walk(0);
    else if (event.key === "End") walk(rows.length - 1);
    else if (event.key === "ArrowRight" && row?.expandable && !row.expanded) toggle(row);
    else if (event.key === "ArrowLeft" && row?.expandable && row.expanded) toggle(row);
    else if (event.key === "ArrowLeft" && row && row.parent >= 0) walk(row.parent);
    else if (event.key === " " && row) toggle(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="tree" ref={box} onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}>
      <TreeHead width={size.width} domain={domain} x={x} />
      <svg
        class="tree-svg"
        width={size.width}
        height={rows.length * TREE_ROW}
        role="tree"
        aria-label="Process tree"
        tabIndex={0}
        aria-activedescendant={at >= view.first && at < view.end ? `tree-${at}` : undefined}
        onKeyDown={onKeyDown}
      >
        {props.blind && props.blind.length > 0 && (
          <g role="presentation" aria-hidden="true">
            <BlindPatterns />
            {props.blind.map((b) => {
              const left = Math.max(grid.laneLeft, x(b.fromMs));
              const right = Math.min(size.width, x(b.toMs));
              return (
                <rect
                  key={b.fromMs}
                  class="blind"
                  x={left}
                  y={0}
                  width={Math.max(4, right - left)}
                  height={rows.length * TREE_ROW}
                  fill="url(#hatch)"
                >
                  <title>{`Blind: ${lostWords(b.count, b.unknown)}\n${b.lines.join("\n")}`}</title>
                </rect>
              );
            })}
          </g>
        )}
        <g role="presentation">
          {rows.slice(view.first, view.end).map((row, i) => (
            <TreeLink key={row.key} row={row} index={view.first + i} grid={grid} x={x} />
          ))}
        </g>
        {rows.slice(view.first, view.end).map((row, i) => {
          const index = view.first + i;
          return (
            <TreeRowView
              key={row.key}
              row={row}
              parent={rows[row.parent]?.node}
              index={index}
              grid={grid}
              x={x}
              nowMs={props.nowMs}
              active={index === at}
              onSelect={() => props.onActive(row)}
              onToggle={() => toggle(row)}
            />
          );
        })}
      </svg>
    </div>
  );
}

function tickText(ms: number, span: number): string {
  if (span > 86_400_000) return `${formatDay(ms, ms)} ${formatClock(ms).slice(0, 5)}`;
  return span < 10_000 ? formatClock(ms, true) : formatClock(ms);
}

function TreeHead(props: {
  width: number;
  domain: { fromMs: number; toMs: number };
  x: (ms: number) => number;
}): JSX.Element {
  const { width, domain, x } = props;
  const grid = treeGrid(width);
  const span = domain.toMs - domain.fromMs;
  const most = Math.max(1, Math.floor((width - grid.laneLeft) / 110));
  const round =
    span < 4000 ? [] : timeTicks(domain.fromMs, domain.toMs, most, new Date(domain.fromMs).getTimezoneOffset());
  // Where no round time falls into view the beginning is named, so that the lane always has a time.
  const ticks = round.length > 0 ? round : [0.05, 0.5].map((part) => domain.fromMs + span * part).slice(0, most);
  const names = ["files", "conn.", "DNS", "warn."];
  return (
    <svg class="tree-head" width={width} height={HEAD} aria-hidden="true">
      <text x="12" y="17">
        Process
      </text>
      {grid.pidRight > 0 && (
        <text x={grid.pidRight} y="17" text-anchor="end">
          PID
        </text>
      )}
      {grid.counts.map((right, i) => (
        <text key={right} x={right} y="17" text-anchor="end">
          {names[i]}
        </text>
      ))}
      {ticks.map((t) => (
        <g key={t}>
          <line x1={x(t)} x2={x(t)} y1="20" y2={HEAD} />
          <text x={x(t)} y="17" text-anchor={x(t) > width - 60 ? "end" : "start"}>
            {tickText(t, span)}
          </text>
        </g>
      ))}
    </svg>
  );
}
