import type { JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { HealthReasons } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { EngineSection } from "./engine-section.tsx";
import { PipelineFlow } from "./pipeline-flow.tsx";
import { ResourceCharts } from "./resource-charts.tsx";
import type { SensorState } from "./state.ts";

/** Why it is as it is, how its engine stands, where events go, and what it costs. */
export function HealthTab({ state, sensor }: { state: SensorState; sensor: SensorDetail }): JSX.Element {
  return (
    <div class="stack stack-6">
      <Section title="Health">
        {sensor.health_reasons.length > 0 ? (
          <HealthReasons reasons={sensor.health_reasons} />
        ) : (
          <p class="calm">Nothing to report: it is heard in time, its certificate is valid and its engine runs.</p>
        )}
      </Section>
      {sensor.pipeline && (
        <Section title="From the kernel to the store" count="since the sensor started">
          <PipelineFlow pipeline={sensor.pipeline} rejected={sensor.events_rejected} />
        </Section>
      )}
      <ResourceCharts state={state} />
      {sensor.engine && <EngineSection engine={sensor.engine} />}
    </div>
  );
}
