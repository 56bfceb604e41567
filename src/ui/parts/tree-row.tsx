import type { JSX } from "preact";
import type { LineageNode } from "../../core/api/events.ts";
import { baseName, exactMs, formatCount, formatDuration } from "../format.ts";
import { otherPrograms } from "./tree-chain.ts";
import type { TreeRow } from "./tree-layout.ts";

export const TREE_ROW = 26;
const INDENT = 14;
const CHAR = 7.22;
const MOST_INDENT = 14;

/** Where the parts of a row stand, in px. */
export interface TreeGrid {
  readonly width: number;
  readonly pidRight: number;
  readonly labelRight: number;
  /** Right edges of files, connections, names, warnings; empty on a phone. */
  readonly counts: readonly number[];
  readonly laneLeft: number;
}

/** Columns for a width; pure. */
export function treeGrid(width: number): TreeGrid {
  if (width >= 560 && width < 860) {
    const label = Math.round(width * 0.52);
    return { width, labelRight: label, pidRight: label + 56, counts: [], laneLeft: label + 76 };
  }
  if (width < 860) return { width, pidRight: 0, labelRight: width * 0.68, counts: [], laneLeft: width * 0.7 };
  const label = Math.round(Math.min(560, width * 0.44));
  const counts = [label + 60 + 44, label + 60 + 88, label + 60 + 128, label + 60 + 176];
  return { width, labelRight: label, pidRight: label + 60, counts, laneLeft: label + 60 + 196 };
}

function cutTo(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, Math.max(0, chars - 1))}…`;
}

function endWord(node: LineageNode): string {
  if (node.exit_signal) return node.exit_signal;
  return node.exit_code === null || node.exit_code === 0 ? "" : `exit ${node.exit_code}`;
}

/** The line from a parent's life down to its child's beginning; nothing where the beginning is not in view. */
export function TreeLink({
  row,
  index,
  grid,
  x,
}: {
  row: TreeRow;
  index: number;
  grid: TreeGrid;
  x: (ms: number) => number;
}): JSX.Element | null {
  if (row.parent < 0 || row.node.started_at === null) return null;
  const at = Math.round(x(exactMs(row.node.started_at)));
  if (at <= grid.laneLeft) return null;
  return (
    <path
      class="tree-link"
      d={`M${at + 0.5} ${row.parent * TREE_ROW + TREE_ROW / 2 + 4}V${index * TREE_ROW + TREE_ROW / 2 - 4}`}
    />
  );
}

const command = (node: LineageNode): string => `${node.binary} ${node.arguments}`.trim();

/** What a row says in full: for hover and screen readers. */
export function rowTitle(row: TreeRow): string {
  const { node, chain } = row;
  const many = row.members.length > 1 ? `${row.members.length} equal processes: ` : "";
  const life =
    chain.length > 1 && many === ""
      ? `One process (pid ${node.pid}) that was, in turn:\n${chain.map(command).join("\n→ exec ")}`
      : many + command(node);
  return life + (node.inferred ? "\nKnown from its children only: it began before the sensor watched." : "");
}

/** One process of the tree: name, counts, and its life on the time lane. */
export function TreeRowView(props: {
  row: TreeRow;
  parent: LineageNode | undefined;
  index: number;
  grid: TreeGrid;
  x: (ms: number) => number;
  nowMs: number;
  active: boolean;
  onSelect: () => void;
  onToggle: () => void;
}): JSX.Element {
  const { row, grid, index } = props;
  const { node } = row;
  const y = index * TREE_ROW;
  const mid = y + TREE_ROW / 2;
  const left = 12 + Math.min(row.depth, MOST_INDENT) * INDENT;
  const warn = node.severity === "info" ? "" : node.severity;
  const textLeft = left + 14 + (warn ? 14 : 0);
  const name = node.binary === "" ? "(unknown)" : baseName(node.binary);
  const times = row.members.length > 1 ? ` × ${formatCount(row.members.length)}` : "";
  const room = Math.floor((grid.labelRight - textLeft - 8) / CHAR);
  const others = row.members.length > 1 ? { before: [], after: [] } : otherPrograms(row.chain, row.key, props.parent);
  const fit = (all: string, short: string): string => (all.length <= room / 3 ? all : short);
  const was = fit(others.before.map((n) => `${baseName(n.binary)} → `).join(""), "… → ");
  const becomes = fit(others.after.map((n) => ` → ${baseName(n.binary)}`).join(""), " → …");
  const taken = times.length + was.length + becomes.length;
  const nameCut = cutTo(name, room - taken);
  const args = cutTo(node.arguments, Math.max(0, room - nameCut.length - taken - 1));
  const sum = (pick: (n: LineageNode) => number): number => row.members.reduce((total, n) => total + pick(n), 0);
  const counts = [
    sum((n) => n.counts.files),
    sum((n) => n.counts.connections),
    sum((n) => n.counts.dns),
    sum((n) => n.counts.warnings),
  ];
  const cls = `tree-row${row.isFocus ? " tree-focus" : row.onPath ? " tree-path" : ""}${node.inferred ? " tree-inferred" : ""}`;
  return (
    <g
      class={cls}
      id={`tree-${index}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.expandable ? row.expanded : undefined}
      aria-selected={props.active}
      onClick={props.onSelect}
      onDblClick={props.onToggle}
    >
      <rect class="tree-back" x="0" y={y} width={grid.width} height={TREE_ROW} data-active={props.active}>
        <title>{rowTitle(row)}</title>
      </rect>
      {row.isFocus && <rect class="tree-edge" x="0" y={y} width="2" height={TREE_ROW} />}
      {row.expandable && (
        <g
          class="tree-toggle"
          onClick={(event) => {
            event.stopPropagation();
            props.onToggle();
          }}
        >
          <rect x={left - 6} y={y} width="18" height={TREE_ROW} />
          <path d={row.expanded ? `M${left - 1} ${mid - 2}l4 4 4-4` : `M${left + 1} ${mid - 4}l4 4-4 4`} />
        </g>
      )}
      <g>
        {warn && <Warn severity={warn} x={left + 14} y={mid - 4.5} />}
        <text class="tree-text" x={textLeft} y={mid + 4}>
          <tspan class="tree-args">{was}</tspan>
          <tspan class="tree-name">{nameCut}</tspan>
          <tspan class="tree-times">{times}</tspan>
          <tspan class="tree-args"> {args}</tspan>
          <tspan class="tree-args">{becomes}</tspan>
          {row.hidden > 0 && <tspan class="tree-args"> (+{formatCount(row.hidden)})</tspan>}
        </text>
        {grid.pidRight > 0 && times === "" && (
          <text class="tree-number" x={grid.pidRight} y={mid + 4} text-anchor="end">
            {node.pid || ""}
          </text>
        )}
        {grid.counts.map((right, i) =>
          counts[i]! > 0 ? (
            <text
              key={right}
              class={`tree-number${i === 3 ? ` text-${warn || "warning"}` : ""}`}
              x={right}
              y={mid + 4}
              text-anchor="end"
            >
              {formatCount(counts[i]!)}
            </text>
          ) : null,
        )}
        <Lane {...props} mid={mid} />
      </g>
    </g>
  );
}

function Warn({ severity, x, y }: { severity: string; x: number; y: number }): JSX.Element {
  const shape =
    severity === "critical"
      ? "M2.8 0h3.4L9 2.8v3.4L6.2 9H2.8L0 6.2V2.8z"
      : severity === "high"
        ? "M.5.5h8v8h-8z"
        : "M4.5 0 9 9H0z";
  return <path class={`fill-${severity}`} transform={`translate(${x} ${y})`} d={shape} />;
}

function Lane(props: {
  row: TreeRow;
  grid: TreeGrid;
  x: (ms: number) => number;
  nowMs: number;
  mid: number;
}): JSX.Element {
  const { row, grid, x, mid } = props;
  const right = grid.width - 4;
  const clampX = (value: number): number => Math.max(grid.laneLeft, Math.min(right, value));
  const lives = row.members.map((node) => ({
    from: node.started_at === null ? grid.laneLeft - 1 : x(exactMs(node.started_at)),
    to: node.ended_at === null ? right + 1 : x(exactMs(node.ended_at)),
  }));
  const { node } = row;
  const word = row.members.length > 1 ? "" : endWord(node);
  const last = lives[0]!;
  const lasted =
    node.started_at !== null && node.ended_at !== null && row.members.length === 1
      ? formatDuration(exactMs(node.ended_at) - exactMs(node.started_at))
      : "";
  const tail = [lasted, word].filter(Boolean).join(", ");
  const tailX = clampX(last.to) + 6;
  return (
    <g>
      {lives.map((life, i) => {
        const from = clampX(life.from);
        const to = Math.max(from + 3, clampX(life.to));
        return (
          <g key={i}>
            {node.inferred ? (
              <path class="tree-life" d={`M${from} ${mid}H${to}`} />
            ) : (
              <rect class="tree-life" x={from} y={mid - 4} width={to - from} height="8" rx="2" />
            )}
            {row.members.length === 1 &&
              row.chain.slice(1).map((program) => {
                const tick = x(exactMs(program.started_at ?? ""));
                return tick > from + 2 && tick < to - 2 ? (
                  <path key={program.exec_id} class="tree-exec" d={`M${tick} ${mid - 4}v8`} />
                ) : null;
              })}
            {!node.inferred && life.from < grid.laneLeft && (
              <path class="tree-cap" d={`M${from + 7} ${mid - 3}l-4 3 4 3`} />
            )}
            {!node.inferred && life.to > right && <path class="tree-cap" d={`M${to - 7} ${mid - 3}l4 3-4 3`} />}
          </g>
        );
      })}
      {tail !== "" && tailX + tail.length * CHAR < right && (
        <text class={word ? "tree-end text-high" : "tree-end"} x={tailX} y={mid + 4}>
          {tail}
        </text>
      )}
    </g>
  );
}
