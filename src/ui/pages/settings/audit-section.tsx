import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AuditRecord } from "../../../core/api/audit.ts";
import type { Column } from "../../parts/column.ts";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Pane, Section } from "../../parts/pane.tsx";
import { Await, Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { Ago, Moment } from "../../parts/time.tsx";
import { formatExact } from "../../format.ts";
import { sentence } from "../../words.ts";
import { createAuditState } from "./state.ts";

function Outcome({ record }: { record: AuditRecord }): JSX.Element {
  return record.outcome === "success" ? (
    <StateMark tone="healthy">Done</StateMark>
  ) : (
    <StateMark tone="degraded">Failed</StateMark>
  );
}

const actor = (record: AuditRecord): string => record.actor_email ?? (record.sensor_id ? "a sensor" : "the system");

const COLUMNS: readonly Column<AuditRecord>[] = [
  { id: "time", label: "Time", width: "148px", cell: (row) => <Moment at={row.created_at} /> },
  {
    id: "action",
    label: "Action",
    width: "minmax(180px, 1fr)",
    cell: (row) => <span class="cut">{sentence(row.action_type.replaceAll(".", " "))}</span>,
  },
  { id: "outcome", label: "Outcome", width: "96px", cell: (row) => <Outcome record={row} /> },
  { id: "actor", label: "By", width: "minmax(180px, 1fr)", cell: (row) => <span class="cut">{actor(row)}</span> },
  {
    id: "ip",
    label: "From",
    width: "140px",
    hideBelow: 760,
    cell: (row) => <span class="machine cut">{row.client_ip ?? ""}</span>,
  },
];

/** Who did what, and whether it worked. */
export function AuditSection(): JSX.Element {
  const [state] = useState(createAuditState);
  useEffect(() => {
    state.first.load();
    return state.first.stop;
  }, [state]);
  return (
    <Await loaded={state.first.state.value} onRetry={() => state.first.load()}>
      {(page) => {
        const rows = [...page.records, ...state.older.value];
        const chosen = rows.find((row) => row.audit_id === state.selected.value);
        if (rows.length === 0)
          return (
            <Empty title="Nothing recorded yet">Sign-ins, changes and looks at sensitive data are recorded here.</Empty>
          );
        return (
          <div class={`audit${chosen ? " page-with-pane" : ""}`}>
            <div class="panel panel-fill">
              <Table
                label="Audit log"
                rows={rows}
                columns={COLUMNS}
                rowKey={(row) => row.audit_id}
                active={state.selected.value}
                onActive={(key) => {
                  state.selected.value = key;
                }}
                onEnd={() => void state.more()}
                narrow={(row) => (
                  <>
                    <div class="row">
                      <span class="cut grow strong">{sentence(row.action_type.replaceAll(".", " "))}</span>
                      <Outcome record={row} />
                    </div>
                    <div class="row faint narrow-second">
                      <span class="cut grow">{actor(row)}</span>
                      <Ago at={row.created_at} />
                    </div>
                  </>
                )}
              />
            </div>
            {chosen && <AuditPane record={chosen} onClose={() => (state.selected.value = undefined)} />}
          </div>
        );
      }}
    </Await>
  );
}

function AuditPane({ record, onClose }: { record: AuditRecord; onClose: () => void }): JSX.Element {
  return (
    <Pane
      label="Audit record"
      subject={record.audit_id}
      title={<h2 class="cut">{sentence(record.action_type.replaceAll(".", " "))}</h2>}
      onClose={onClose}
    >
      <Section title="Record">
        <Facts
          items={[
            ["Time", <span class="wrap-lines">{formatExact(record.created_at)}</span>],
            ["Outcome", <Outcome record={record} />],
            ["By", actor(record)],
            [
              "Sensor",
              record.sensor_id && (
                <a class="machine" href={`/sensors/${record.sensor_id}`}>
                  {record.sensor_id}
                </a>
              ),
            ],
            ["From", record.client_ip && <span class="machine">{record.client_ip}</span>],
            ["Browser", record.user_agent && <span class="wrap-anywhere">{record.user_agent}</span>],
          ]}
        />
      </Section>
      {Object.keys(record.detail).length > 0 && (
        <Section title="Detail">
          <Facts
            items={Object.entries(record.detail).map(
              ([name, value]) =>
                [
                  name,
                  <span key={name} class="machine wrap-anywhere">
                    {typeof value === "string" ? value : JSON.stringify(value)}
                  </span>,
                ] as const,
            )}
          />
        </Section>
      )}
    </Pane>
  );
}
