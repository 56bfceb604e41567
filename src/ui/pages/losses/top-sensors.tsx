import type { JSX } from "preact";
import type { LossReport } from "../../../core/api/losses.ts";
import { BarList } from "../../parts/chip.tsx";
import { patchSearch, place } from "../../router.ts";
import { lostText } from "./words.ts";

/** The sensors that lost most; each narrows the page to itself. */
export function TopSensors({ totals }: { totals: LossReport["totals"] }): JSX.Element {
  const { path, search } = place.value;
  return (
    <BarList
      label="Sensors that lost most"
      items={totals.top_sensors.map(({ sensor_id, node_name, count, unknown }) => ({
        key: sensor_id,
        label: node_name,
        value: count,
        text: lostText({ count, unknown: unknown > 0 }),
        href: `${path}${patchSearch(search, { sensor: sensor_id })}`,
        title: "Show only its losses",
      }))}
    />
  );
}
