import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { SensorInventory } from "../../../core/api/sensors.ts";
import { formatBytes, formatPercent, plural } from "../../format.ts";
import type { Column } from "../../parts/column.ts";
import { Table } from "../../parts/table.tsx";
import { InventoryFrame, matchesWords } from "./inventory-frame.tsx";
import type { SensorState } from "./state.ts";

type ProcessEntry = SensorInventory["processes"][number];

const COLUMNS: readonly Column<ProcessEntry>[] = [
  {
    id: "pid",
    label: "PID",
    width: "80px",
    align: "right",
    sortable: true,
    cell: (row) => <span class="machine">{row.pid}</span>,
  },
  {
    id: "ppid",
    label: "Parent",
    width: "80px",
    align: "right",
    hideBelow: 1000,
    cell: (row) => <span class="machine faint">{row.ppid}</span>,
  },
  {
    id: "name",
    label: "Name",
    width: "160px",
    sortable: true,
    cell: (row) => (
      <span class="machine cut" title={row.binary_path}>
        {row.name}
      </span>
    ),
  },
  {
    id: "uid",
    label: "User",
    width: "96px",
    hideBelow: 700,
    cell: (row) => <span class="machine">{row.uid === row.euid ? row.uid : `${row.uid} as ${row.euid}`}</span>,
  },
  {
    id: "cpu_percent",
    label: "CPU",
    width: "72px",
    align: "right",
    sortable: true,
    cell: (row) => formatPercent(row.cpu_percent),
  },
  {
    id: "rss_bytes",
    label: "Memory",
    width: "88px",
    align: "right",
    sortable: true,
    cell: (row) => formatBytes(row.rss_bytes),
  },
  {
    id: "threads",
    label: "Threads",
    width: "72px",
    align: "right",
    hideBelow: 900,
    sortable: true,
    cell: (row) => row.threads,
  },
  {
    id: "container",
    label: "Container",
    width: "112px",
    hideBelow: 1100,
    cell: (row) => <span class="machine cut">{row.container_id?.slice(0, 12)}</span>,
  },
  {
    id: "cmdline",
    label: "Command",
    width: "minmax(200px, 1fr)",
    cell: (row) => (
      <span class="machine cut quiet" title={row.cmdline}>
        {row.cmdline}
      </span>
    ),
  },
];

function narrowProcess(row: ProcessEntry): JSX.Element {
  return (
    <>
      <div class="row">
        <span class="machine cut grow strong">{row.name}</span>
        <span>{formatPercent(row.cpu_percent)}</span>
      </div>
      <div class="row faint narrow-second">
        <span class="machine cut grow">{row.cmdline}</span>
        <span>{formatBytes(row.rss_bytes)}</span>
      </div>
    </>
  );
}

type SortId = "pid" | "name" | "cpu_percent" | "rss_bytes" | "threads";

/** Processes of the last snapshot. */
export function ProcessesTab({ state }: { state: SensorState }): JSX.Element {
  const [sort, setSort] = useState<{ id: SortId; order: "asc" | "desc" }>({ id: "cpu_percent", order: "desc" });
  const data = state.inventory.state.value.data;
  const find = state.find.value;
  const rows = useMemo(() => {
    const sign = sort.order === "asc" ? 1 : -1;
    return (data?.processes ?? [])
      .filter((row) => matchesWords(find, row.pid, row.name, row.binary_path, row.cmdline, row.container_id))
      .toSorted(
        (a, b) => sign * (sort.id === "name" ? a.name.localeCompare(b.name) : a[sort.id] - b[sort.id]) || a.pid - b.pid,
      );
  }, [data, find, sort]);
  const onSort = (id: string): void => {
    const known = id as SortId;
    setSort({ id: known, order: sort.id === known && sort.order === "desc" ? "asc" : "desc" });
  };
  return (
    <InventoryFrame
      state={state}
      placeholder="Find a process"
      note={plural(rows.length, "process", "processes")}
      at={data?.processes_observed_at}
    >
      <Table
        label="Processes"
        rows={rows}
        columns={COLUMNS}
        rowKey={(row) => String(row.pid)}
        narrow={narrowProcess}
        sort={sort}
        onSort={onSort}
      />
    </InventoryFrame>
  );
}
