import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { PageHead } from "../../frame/frame.tsx";
import { bindKeys } from "../../keys.ts";
import { Button } from "../../parts/button.tsx";
import { Token } from "../../parts/chip.tsx";
import { Await, Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { formatCount, plural } from "../../format.ts";
import { navigate, patchSearch, setQuery } from "../../router.ts";
import { can } from "../../session.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { narrowSensor, SENSOR_COLUMNS, sensorColumnChoice } from "./columns.tsx";
import { DeployDialog } from "./deploy-dialog.tsx";
import { SensorFilterBar } from "./filter-bar.tsx";
import { PAGE_SIZE, sensorTokens } from "./filters.ts";
import { FleetStrip } from "./fleet-strip.tsx";
import { createSensorsState, type SensorsState } from "./state.ts";

const GROUP = "Sensors";

/** All sensors: how they are, which need attention, and how to deploy one more. */
export function SensorsPage(): JSX.Element {
  const [state] = useState(createSensorsState);
  useEffect(() => state.start(), [state]);
  useEffect(
    () =>
      bindKeys([
        { keys: "j", group: GROUP, label: "Next sensor", run: () => state.step(1) },
        { keys: "k", group: GROUP, label: "Previous sensor", run: () => state.step(-1) },
        {
          keys: "Enter",
          group: GROUP,
          label: "Open the sensor",
          run: () => state.active.value && navigate(`/sensors/${state.active.value}`),
        },
        { keys: "/", group: GROUP, label: "Find a node", run: () => document.getElementById("sensor-search")?.focus() },
      ]),
    [state],
  );
  const total = state.list.state.value.data;
  const fleet = total ? Object.values(total.health).reduce((a, b) => a + b, 0) : 0;
  return (
    <div class="page page-fill">
      <div class="page-list">
        <PageHead
          title="Sensors"
          note={total && fleet > 0 ? `${formatCount(fleet)} in the fleet` : undefined}
          actions={
            can("operator") && (
              <Button kind="primary" icon="plus" onClick={() => setQuery({ deploy: "1" })}>
                Deploy sensor
              </Button>
            )
          }
        />
        <Await loaded={state.list.state.value} onRetry={() => state.list.load()}>
          {(list) => <List state={state} list={list} />}
        </Await>
      </div>
      {state.deploying.value && <DeployDialog onClose={() => setQuery({ deploy: null }, { replace: true })} />}
    </div>
  );
}

function List({
  state,
  list,
}: {
  state: SensorsState;
  list: NonNullable<SensorsState["list"]["state"]["value"]["data"]>;
}): JSX.Element {
  const params = state.params.value;
  const tokens = sensorTokens(params);
  const filtered = tokens.length > 0 || params["q"] !== undefined;
  if (list.total === 0 && !filtered) return <NoSensors />;
  const sort = params["sort"]
    ? { id: params["sort"], order: params["order"] === "desc" ? ("desc" as const) : ("asc" as const) }
    : ({ id: "health_state", order: "desc" } as const);
  return (
    <>
      <FleetStrip
        list={list}
        active={params["health_state"]}
        href={(health) =>
          `/sensors${patchSearch("", { health_state: params["health_state"] === health ? null : health })}`
        }
      />
      <SensorFilterBar state={state} />
      {tokens.length > 0 && (
        <div class="row row-wrap">
          {tokens.map((token) => (
            <Token
              key={token.field}
              field={token.label}
              value={token.value}
              onRemove={() => state.setFilter({ [token.field]: null })}
            />
          ))}
          <Button kind="quiet" onClick={() => state.setFilter(Object.fromEntries(tokens.map((t) => [t.field, null])))}>
            Clear
          </Button>
        </div>
      )}
      <div class="panel panel-fill">
        <BulkBar state={state} />
        {list.sensors.length === 0 ? (
          <Empty
            title="No sensor matches"
            action={<Button onClick={() => navigate("/sensors")}>Clear the filters</Button>}
          >
            Revoked sensors are hidden unless you filter by status “Revoked”.
          </Empty>
        ) : (
          <Table
            label="Sensors"
            rows={list.sensors}
            columns={SENSOR_COLUMNS}
            choice={sensorColumnChoice}
            rowKey={(row) => row.sensor_id}
            narrow={narrowSensor}
            active={state.active.value}
            onActive={(key) => {
              state.active.value = key;
            }}
            onOpen={(row) => navigate(`/sensors/${row.sensor_id}`)}
            {...(can("admin")
              ? { checked: state.checked.value, onChecked: (keys: ReadonlySet<string>) => (state.checked.value = keys) }
              : {})}
            sort={sort}
            onSort={state.sortBy}
            rowTone={(row) =>
              row.lifecycle_status === "disabled" || row.lifecycle_status === "revoked" ? "row-off" : ""
            }
          />
        )}
        <Paging total={list.total} page={list.page} shown={list.sensors.length} />
      </div>
    </>
  );
}

function Paging({ total, page, shown }: { total: number; page: number; shown: number }): JSX.Element {
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const first = (page - 1) * PAGE_SIZE + 1;
  return (
    <div class="paging">
      <span class="faint">
        {shown === 0
          ? "None"
          : pages === 1
            ? plural(total, "sensor")
            : `${formatCount(first)}–${formatCount(first + shown - 1)} of ${formatCount(total)}`}
      </span>
      <span class="grow" />
      {pages > 1 && (
        <>
          <Button
            kind="quiet"
            icon="chevronLeft"
            disabled={page <= 1}
            onClick={() => setQuery({ page: page > 2 ? String(page - 1) : null })}
          >
            Previous
          </Button>
          <Button kind="quiet" disabled={page >= pages} onClick={() => setQuery({ page: String(page + 1) })}>
            Next
          </Button>
        </>
      )}
    </div>
  );
}

function NoSensors(): JSX.Element {
  return (
    <Empty
      title="No sensors yet"
      action={
        can("operator") ? (
          <Button kind="primary" icon="plus" onClick={() => setQuery({ deploy: "1" })}>
            Deploy the first sensor
          </Button>
        ) : undefined
      }
    >
      A sensor is one file on a Linux host. Deploying gives you a single line to paste there as root; the first event is
      on your screen within a minute. Nothing is fetched from the internet.
    </Empty>
  );
}
