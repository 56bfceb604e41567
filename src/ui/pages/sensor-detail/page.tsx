import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Menu } from "../../parts/menu.tsx";
import { Await } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import { setQuery, withRange } from "../../router.ts";
import { can } from "../../session.ts";
import { LIFECYCLE_WORDS, roleName, sentence } from "../../words.ts";
import { SensorHealth, TrustMark } from "../sensors/columns.tsx";
import { ReenrollDialog } from "../sensors/reenroll-dialog.tsx";
import { HealthTab } from "./health-tab.tsx";
import { NetworkTab } from "./network-tab.tsx";
import { ProcessesTab } from "./processes-tab.tsx";
import { SENSOR_TABS, createSensorState, type SensorState } from "./state.ts";
import { SystemTab } from "./system-tab.tsx";

const TAB_WORDS = { health: "Health", processes: "Processes", network: "Network", system: "Trust and system" } as const;

/** One sensor and its host. */
export function SensorPage({ sensorId }: { sensorId: string }): JSX.Element {
  const [state] = useState(() => createSensorState(sensorId));
  useEffect(() => state.start(), [state]);
  const fill = state.tab.value === "processes" || state.tab.value === "network";
  return (
    <div class={fill ? "page page-fill" : "page page-scroll"}>
      <Await loaded={state.detail.state.value} onRetry={() => state.detail.load()}>
        {(sensor) => (
          <div class="page-list">
            <Head state={state} sensor={sensor} />
            <Tabs state={state} />
            <Tab state={state} sensor={sensor} />
            {state.reenrolling.value && (
              <ReenrollDialog
                sensor={sensor}
                onClose={() => {
                  state.reenrolling.value = false;
                  state.detail.load();
                }}
              />
            )}
          </div>
        )}
      </Await>
    </div>
  );
}

function Head({ state, sensor }: { state: SensorState; sensor: SensorDetail }): JSX.Element {
  const off = sensor.lifecycle_status === "disabled" || sensor.lifecycle_status === "revoked";
  return (
    <>
      <PageHead
        title={sensor.node_name}
        note={[roleName(sensor.declared_role), sensor.cluster, sentence(sensor.flavor)].filter(Boolean).join(" · ")}
        actions={
          <>
            {can("analyst") && (
              <a class="button button-plain" href={withRange(`/events?sensor_id=${sensor.sensor_id}`)}>
                <Icon name="events" /> Events
              </a>
            )}
            {can("admin") && (
              <Menu
                label="Actions"
                align="right"
                button={
                  <>
                    Actions <Icon name="chevronDown" size={12} />
                  </>
                }
                items={[
                  sensor.lifecycle_status === "disabled"
                    ? { label: "Enable", onSelect: () => void state.act("enable") }
                    : { label: "Disable", disabled: off, onSelect: () => void state.act("disable") },
                  { label: "Re-enrol…", onSelect: () => (state.reenrolling.value = true) },
                  "line",
                  {
                    label: "Revoke",
                    danger: true,
                    disabled: sensor.lifecycle_status === "revoked",
                    onSelect: () => void state.act("revoke"),
                  },
                  { label: "Delete", danger: true, onSelect: () => void state.act("delete") },
                ]}
              />
            )}
          </>
        }
      />
      <div class="sensor-line">
        <SensorHealth sensor={sensor} />
        <TrustMark sensor={sensor} />
        {off && <span>{LIFECYCLE_WORDS[sensor.lifecycle_status]}</span>}
        {sensor.last_seen_at !== null && (
          <>
            <span class="quiet">
              heard <Ago at={sensor.last_seen_at} />
            </span>
            <span class="quiet">{DELIVERY[sensor.delivery]}</span>
          </>
        )}
        {sensor.sensor_version && (
          <span class="quiet">
            version <span class="machine">{sensor.sensor_version}</span>
          </span>
        )}
      </div>
    </>
  );
}

const DELIVERY = {
  stream: "live stream: alerts within 0.5 s",
  heartbeat: "heartbeat only: alerts within 15 s",
  none: "not connected",
} as const;

function Tabs({ state }: { state: SensorState }): JSX.Element {
  const at = state.tab.value;
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = SENSOR_TABS[(SENSOR_TABS.indexOf(at) + by + SENSOR_TABS.length) % SENSOR_TABS.length]!;
    setQuery({ tab: next === "health" ? null : next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="About this sensor" onKeyDown={onKeyDown}>
      {SENSOR_TABS.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === at}
          aria-controls="tab-panel"
          tabIndex={name === at ? 0 : -1}
          onClick={() => setQuery({ tab: name === "health" ? null : name })}
        >
          {TAB_WORDS[name]}
        </button>
      ))}
    </div>
  );
}

function Tab({ state, sensor }: { state: SensorState; sensor: SensorDetail }): JSX.Element {
  const at = state.tab.value;
  return (
    <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby={`tab-${at}`}>
      {at === "health" && <HealthTab state={state} sensor={sensor} />}
      {at === "processes" && <ProcessesTab state={state} />}
      {at === "network" && <NetworkTab state={state} />}
      {at === "system" && <SystemTab sensor={sensor} onReenroll={() => (state.reenrolling.value = true)} />}
    </div>
  );
}
