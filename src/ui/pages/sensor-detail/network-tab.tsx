import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { SensorInventory } from "../../../core/api/sensors.ts";
import { baseName, formatBytes, formatCount, formatDuration } from "../../format.ts";
import type { Column } from "../../parts/column.ts";
import { Segments } from "../../parts/field.tsx";
import { Table } from "../../parts/table.tsx";
import { InventoryFrame, matchesWords } from "./inventory-frame.tsx";
import type { SensorState } from "./state.ts";

type Connection = SensorInventory["connections"][number];
type Listening = SensorInventory["listening"][number];
type Flow = SensorInventory["flows"][number];

const at = (addr: string, port: number): string => `${addr.includes(":") ? `[${addr}]` : addr}:${port}`;
const Binary = ({ path }: { path: string | undefined }): JSX.Element => (
  <span class="machine cut" title={path}>
    {path ? baseName(path) : ""}
  </span>
);
const text = (value: string): JSX.Element => (
  <span class="machine cut" title={value}>
    {value}
  </span>
);

const CONNECTIONS: readonly Column<Connection>[] = [
  {
    id: "remote",
    label: "Remote",
    width: "minmax(180px, 1.2fr)",
    cell: (row) => text(at(row.remote_addr, row.remote_port)),
  },
  {
    id: "name",
    label: "Name",
    width: "minmax(140px, 1fr)",
    hideBelow: 800,
    cell: (row) => text(row.dns_hostname ?? ""),
  },
  {
    id: "local",
    label: "Local",
    width: "minmax(160px, 1fr)",
    hideBelow: 700,
    cell: (row) => text(at(row.local_addr, row.local_port)),
  },
  { id: "state", label: "State", width: "112px", cell: (row) => text(row.state) },
  { id: "process", label: "Process", width: "140px", cell: (row) => <Binary path={row.binary} /> },
  {
    id: "pid",
    label: "PID",
    width: "72px",
    align: "right",
    hideBelow: 900,
    cell: (row) => <span class="machine">{row.pid}</span>,
  },
  {
    id: "age",
    label: "Open for",
    width: "96px",
    align: "right",
    hideBelow: 640,
    cell: (row) =>
      row.duration_secs === undefined ? (
        <span class="faint" title="Older than the sensor">
          longer
        </span>
      ) : (
        formatDuration(row.duration_secs * 1000)
      ),
  },
];
const LISTENING: readonly Column<Listening>[] = [
  { id: "port", label: "Port", width: "72px", align: "right", cell: (row) => <span class="machine">{row.port}</span> },
  { id: "protocol", label: "Protocol", width: "80px", cell: (row) => text(row.protocol) },
  { id: "addr", label: "Address", width: "minmax(140px, 1fr)", cell: (row) => text(row.addr) },
  { id: "process", label: "Process", width: "minmax(140px, 1fr)", cell: (row) => <Binary path={row.binary} /> },
  { id: "pid", label: "PID", width: "80px", align: "right", cell: (row) => <span class="machine">{row.pid}</span> },
  {
    id: "uid",
    label: "User",
    width: "80px",
    align: "right",
    hideBelow: 640,
    cell: (row) => <span class="machine">{row.uid}</span>,
  },
];
const FLOWS: readonly Column<Flow>[] = [
  { id: "direction", label: "Direction", width: "96px", cell: (row) => row.direction },
  {
    id: "remote",
    label: "Remote",
    width: "minmax(180px, 1fr)",
    cell: (row) => text(at(row.remote_addr, row.remote_port)),
  },
  { id: "protocol", label: "Protocol", width: "80px", hideBelow: 640, cell: (row) => text(row.protocol) },
  { id: "process", label: "Process", width: "minmax(120px, 1fr)", cell: (row) => <Binary path={row.binary} /> },
  { id: "count", label: "Flows", width: "80px", align: "right", cell: (row) => formatCount(row.count) },
  { id: "sent", label: "Sent", width: "96px", align: "right", cell: (row) => formatBytes(row.bytes_sent) },
  { id: "received", label: "Received", width: "96px", align: "right", cell: (row) => formatBytes(row.bytes_received) },
];

function narrow(first: string, second: string, right: string): JSX.Element {
  return (
    <>
      <div class="row">
        <span class="machine cut grow strong">{first}</span>
        <span>{right}</span>
      </div>
      <div class="faint cut narrow-second machine">{second}</div>
    </>
  );
}

const VIEWS = ["connections", "listening", "flows"] as const;

/** Connections, listening services and flows of the last snapshot. */
export function NetworkTab({ state }: { state: SensorState }): JSX.Element {
  const [view, setView] = useState<(typeof VIEWS)[number]>("connections");
  const data = state.inventory.state.value.data;
  const find = state.find.value;
  const lists = useMemo(
    () => ({
      connections: (data?.connections ?? []).filter((r) =>
        matchesWords(
          find,
          at(r.remote_addr, r.remote_port),
          at(r.local_addr, r.local_port),
          r.dns_hostname,
          r.binary,
          r.state,
          r.pid,
        ),
      ),
      listening: (data?.listening ?? [])
        .filter((r) => matchesWords(find, r.protocol, at(r.addr, r.port), r.binary, r.pid))
        .toSorted((a, b) => a.port - b.port),
      flows: (data?.flows ?? [])
        .filter((r) => matchesWords(find, at(r.remote_addr, r.remote_port), r.binary, r.direction))
        .toSorted((a, b) => b.bytes_sent + b.bytes_received - a.bytes_sent - a.bytes_received),
    }),
    [data, find],
  );
  const switcher = (
    <Segments
      label="What to show"
      value={view}
      onChange={(value) => setView(VIEWS.find((v) => v === value) ?? "connections")}
      options={[
        { value: "connections", label: `Connections ${formatCount(lists.connections.length)}` },
        { value: "listening", label: `Listening ${formatCount(lists.listening.length)}` },
        { value: "flows", label: `Flows ${formatCount(lists.flows.length)}` },
      ]}
    />
  );
  return (
    <InventoryFrame state={state} placeholder="Find an address, name or process" note="" extra={switcher}>
      {view === "connections" && (
        <Table
          label="Connections"
          rows={lists.connections}
          columns={CONNECTIONS}
          rowKey={(r) => `${at(r.local_addr, r.local_port)}>${at(r.remote_addr, r.remote_port)}`}
          narrow={(r) => narrow(at(r.remote_addr, r.remote_port), `${r.dns_hostname ?? ""} ${r.binary ?? ""}`, r.state)}
        />
      )}
      {view === "listening" && (
        <Table
          label="Listening services"
          rows={lists.listening}
          columns={LISTENING}
          rowKey={(r) => `${r.protocol}${at(r.addr, r.port)}`}
          narrow={(r) => narrow(`${r.protocol} ${at(r.addr, r.port)}`, r.binary ?? "", String(r.pid ?? ""))}
        />
      )}
      {view === "flows" && (
        <Table
          label="Flows"
          rows={lists.flows}
          columns={FLOWS}
          rowKey={(r) => `${r.direction}${r.protocol}${at(r.remote_addr, r.remote_port)}${r.binary ?? ""}`}
          narrow={(r) =>
            narrow(
              at(r.remote_addr, r.remote_port),
              `${r.direction} ${r.binary ?? ""}`,
              formatBytes(r.bytes_sent + r.bytes_received),
            )
          }
        />
      )}
    </InventoryFrame>
  );
}
