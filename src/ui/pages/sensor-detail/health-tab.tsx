import type { JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { now } from "../../clock.ts";
import { formatDuration } from "../../format.ts";
import { HealthReasons } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { isUnheard } from "../sensors/columns.tsx";
import { EngineSection } from "./engine-section.tsx";
import { PoliciesSection } from "./policies-section.tsx";
import { PipelineFlow } from "./pipeline-flow.tsx";
import { ResourceCharts } from "./resource-charts.tsx";
import type { SensorState } from "./state.ts";

/** Three heartbeats. */
const SILENT_MS = 45_000;

/** Why it is as it is, how its engine stands, where events go, and what it costs. */
export function HealthTab({ state, sensor }: { state: SensorState; sensor: SensorDetail }): JSX.Element {
  return (
    <div class="stack stack-6">
      <Section title="Health">
        {sensor.health_reasons.length > 0 ? (
          <HealthReasons reasons={sensor.health_reasons} />
        ) : isUnheard(sensor) ? (
          <p class="calm">
            It has enrolled and not reported yet. Its first heartbeat comes within 15 seconds of its start; if it does
            not, look on the node whether <span class="machine">telovix sensor run</span> is running.
          </p>
        ) : sensor.last_seen_at !== null && now.value - Date.parse(sensor.last_seen_at) > SILENT_MS ? (
          <p class="calm">
            Nothing was heard from it for {formatDuration(now.value - Date.parse(sensor.last_seen_at))}, though its
            stream is open. Wait, or look at the node's load: events are kept there.
          </p>
        ) : (
          <p class="calm">Nothing to report: it is heard in time, its certificate is valid and its engine runs.</p>
        )}
      </Section>
      {sensor.pipeline && (
        <Section
          title="From the kernel to the store"
          count="since its start"
          actions={<a href={`/losses?sensor=${sensor.sensor_id}&since=24h`}>Its losses</a>}
        >
          <PipelineFlow pipeline={sensor.pipeline} rejected={sensor.events_rejected} />
        </Section>
      )}
      <ResourceCharts state={state} />
      {sensor.engine && <EngineSection engine={sensor.engine} />}
      {sensor.engine && <PoliciesSection engine={sensor.engine} />}
    </div>
  );
}
