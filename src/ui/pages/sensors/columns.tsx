import type { JSX } from "preact";
import type { HealthState, SensorSummary, TrustHealth } from "../../../core/api/sensors.ts";
import { formatCount, formatRate } from "../../format.ts";
import type { Column } from "../../parts/column.ts";
import { columnChoice } from "../../parts/column-choice.tsx";
import { HealthMark, StateMark } from "../../parts/marks.tsx";
import { Ago } from "../../parts/time.tsx";
import { LIFECYCLE_WORDS, TRUST_HEALTH_WORDS, TRUST_WORDS, roleName, sentence } from "../../words.ts";

const TRUST_TONE: Readonly<Record<TrustHealth, HealthState>> = {
  healthy: "healthy",
  renewal_recommended: "watch",
  renewal_due: "degraded",
  degraded: "degraded",
  revoked: "critical",
};

/** Trust in one word: the state while all is well, else what the certificate needs. */
export function TrustMark({ sensor }: { sensor: Pick<SensorSummary, "trust_state" | "trust_health"> }): JSX.Element {
  const fine = sensor.trust_health === "healthy";
  if (fine) return <span class="quiet">{TRUST_WORDS[sensor.trust_state]}</span>;
  return <StateMark tone={TRUST_TONE[sensor.trust_health]}>{TRUST_HEALTH_WORDS[sensor.trust_health]}</StateMark>;
}

/** Health, or that nothing was heard yet: an enrolled sensor that never reported is not healthy, only new. */
export function SensorHealth({ sensor }: { sensor: SensorSummary }): JSX.Element {
  if (isUnheard(sensor)) return <StateMark tone="offline">Not heard yet</StateMark>;
  return <HealthMark state={sensor.health_state} />;
}

/** True for a sensor that has enrolled and not reported yet, while that is no fault. */
export function isUnheard(sensor: SensorSummary): boolean {
  return sensor.last_seen_at === null && sensor.health_state === "healthy";
}

/** The worst reason, as the second thing to read in a row. */
export function worstReason(sensor: SensorSummary): string {
  const own = sensor.health_reasons.find((reason) => reason.state === sensor.health_state) ?? sensor.health_reasons[0];
  return own?.message ?? (isUnheard(sensor) ? "It has enrolled and not reported yet." : "");
}

/** The reader's choice of columns. */
export const sensorColumnChoice = columnChoice("sensors");

/** Columns of the sensor list. */
export const SENSOR_COLUMNS: readonly Column<SensorSummary>[] = [
  {
    id: "node_name",
    label: "Node",
    width: "minmax(150px, 1.1fr)",
    sortable: true,
    cell: (row) => (
      <a class="cut node-link" href={`/sensors/${row.sensor_id}`} title={row.node_name}>
        {row.node_name}
      </a>
    ),
  },
  {
    id: "health_state",
    label: "Health",
    width: "116px",
    sortable: true,
    cell: (row) => <SensorHealth sensor={row} />,
  },
  {
    id: "reason",
    label: "Why",
    width: "minmax(180px, 2fr)",
    hideBelow: 640,
    cell: (row) => (
      <span class="cut quiet" title={worstReason(row)}>
        {worstReason(row)}
      </span>
    ),
  },
  { id: "trust", label: "Trust", width: "176px", hideBelow: 1000, cell: (row) => <TrustMark sensor={row} /> },
  {
    id: "last_seen_at",
    label: "Last heard",
    width: "104px",
    sortable: true,
    cell: (row) =>
      row.lifecycle_status === "disabled" || row.lifecycle_status === "revoked" ? (
        <span class="faint">{LIFECYCLE_WORDS[row.lifecycle_status]}</span>
      ) : (
        <Ago at={row.last_seen_at} />
      ),
  },
  {
    id: "rate",
    label: "Events/s",
    width: "80px",
    align: "right",
    hideBelow: 820,
    cell: (row) => formatRate(row.events_per_sec),
  },
  {
    id: "lost",
    label: "Lost",
    width: "72px",
    align: "right",
    hideBelow: 820,
    cell: (row) =>
      row.events_lost === 0 ? (
        <span class="faint">0</span>
      ) : (
        <span class="tone-warning">{formatCount(row.events_lost)}</span>
      ),
  },
  {
    id: "role",
    label: "Role",
    width: "112px",
    hideBelow: 1240,
    cell: (row) => <span class="cut">{roleName(row.declared_role)}</span>,
  },
  { id: "flavor", label: "Flavour", width: "88px", hideBelow: 1380, cell: (row) => sentence(row.flavor) },
  {
    id: "pack",
    label: "Policy pack",
    width: "120px",
    hideBelow: 1500,
    cell: (row) => <span class={row.assigned_pack_id ? "cut" : "faint"}>{row.assigned_pack_id ?? "none"}</span>,
  },
  {
    id: "enforcement",
    label: "Enforcement",
    width: "112px",
    hideBelow: 1240,
    cell: (row) => sentence(row.enforcement_state),
  },
  {
    id: "sensor_version",
    label: "Version",
    width: "80px",
    hideBelow: 1120,
    sortable: true,
    cell: (row) => <span class="machine">{row.sensor_version ?? ""}</span>,
  },
  {
    id: "kernel",
    label: "Kernel",
    width: "144px",
    optional: true,
    cell: (row) => <span class="machine cut">{row.kernel ?? ""}</span>,
  },
  { id: "os", label: "System", width: "176px", optional: true, cell: (row) => <span class="cut">{row.os ?? ""}</span> },
  {
    id: "cluster",
    label: "Cluster",
    width: "112px",
    optional: true,
    cell: (row) => <span class="cut">{row.cluster ?? ""}</span>,
  },
  {
    id: "enrolled_at",
    label: "Enrolled",
    width: "104px",
    optional: true,
    sortable: true,
    cell: (row) => <Ago at={row.enrolled_at} />,
  },
];

/** A sensor on a phone. */
export function narrowSensor(row: SensorSummary): JSX.Element {
  return (
    <>
      <div class="row">
        <a class="cut strong grow node-link" href={`/sensors/${row.sensor_id}`}>
          {row.node_name}
        </a>
        <SensorHealth sensor={row} />
      </div>
      <div class="row faint narrow-second">
        <span class="cut grow">{worstReason(row) || roleName(row.declared_role)}</span>
        <Ago at={row.last_seen_at} />
      </div>
    </>
  );
}
