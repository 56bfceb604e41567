import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isNarrow } from "../../media.ts";
import { ColumnsMenu } from "../../parts/column-choice.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Menu } from "../../parts/menu.tsx";
import { Choice, Field } from "../../parts/field.tsx";
import { Button } from "../../parts/button.tsx";
import { DECLARED_ROLES, roleName } from "../../words.ts";
import { SENSOR_COLUMNS, sensorColumnChoice } from "./columns.tsx";
import { SENSOR_FILTERS } from "./filters.ts";
import type { SensorsState } from "./state.ts";

const WAIT_MS = 200;
const FIRST = ["health_state", "lifecycle_status", "trust_state"];

/** Search by name and a menu for each filter; the rarer ones share one. */
export function SensorFilterBar({ state }: { state: SensorsState }): JSX.Element {
  const params = state.params.value;
  const [text, setText] = useState(params["q"] ?? "");
  useEffect(() => {
    if (text.trim() === (state.params.peek()["q"] ?? "")) return;
    const timer = setTimeout(() => state.setFilter({ q: text.trim() || null }), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const itemsOf = (field: string) =>
    (SENSOR_FILTERS.find((info) => info.field === field)?.values ?? []).map(([value, word]) => ({
      label: word,
      checked: params[field] === value,
      onSelect: () => state.setFilter({ [field]: params[field] === value ? null : value }),
    }));
  const rest = SENSOR_FILTERS.filter((info) => info.values && !FIRST.includes(info.field));
  return (
    <div class="filter-bar">
      <div class="search-box">
        <Icon name="search" />
        <input
          id="sensor-search"
          type="search"
          aria-label="Find a node by name"
          placeholder="Find a node"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          spellcheck={false}
        />
      </div>
      {FIRST.map((field) => {
        const label = SENSOR_FILTERS.find((info) => info.field === field)?.label ?? field;
        return (
          <Menu
            key={field}
            label={label}
            button={
              <>
                {label} <Icon name="chevronDown" size={12} />
              </>
            }
            items={itemsOf(field)}
          />
        );
      })}
      <Menu
        label="More filters"
        button={
          <>
            <Icon name="filter" /> More
          </>
        }
        items={rest.flatMap((info) => [{ heading: info.label }, ...itemsOf(info.field)])}
      >
        <FreeFilters state={state} />
      </Menu>
      {!isNarrow.value && (
        <>
          <span class="grow" />
          <ColumnsMenu columns={SENSOR_COLUMNS} choice={sensorColumnChoice} />
        </>
      )}
    </div>
  );
}

function FreeFilters({ state }: { state: SensorsState }): JSX.Element {
  const params = state.params.value;
  const [cluster, setCluster] = useState(params["cluster"] ?? "");
  const [pack, setPack] = useState(params["assigned_pack_id"] ?? "");
  const [role, setRole] = useState(params["declared_role"] ?? "");
  return (
    <form
      class="range-exact"
      onSubmit={(event) => {
        event.preventDefault();
        state.setFilter({
          cluster: cluster.trim() || null,
          assigned_pack_id: pack.trim() || null,
          declared_role: role || null,
        });
      }}
    >
      <Choice
        label="Role"
        value={role}
        onChange={setRole}
        options={[{ value: "", label: "Any" }, ...DECLARED_ROLES.map((value) => ({ value, label: roleName(value) }))]}
      />
      <Field label="Cluster" value={cluster} onInput={setCluster} maxLength={128} />
      <Field label="Policy pack id" value={pack} onInput={setPack} maxLength={128} />
      <Button type="submit">Apply</Button>
    </form>
  );
}
