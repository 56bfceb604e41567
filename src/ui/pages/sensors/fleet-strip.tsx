import type { JSX } from "preact";
import type { SensorList } from "../../../core/api/sensors.ts";
import { formatCount } from "../../format.ts";
import { HealthMark } from "../../parts/marks.tsx";
import { HEALTH_ORDER } from "../../words.ts";

/** How the whole fleet is, whatever is filtered; each figure is a filter. */
export function FleetStrip(props: {
  list: SensorList;
  active?: string | undefined;
  href: (state: string) => string;
  children?: JSX.Element | null;
}): JSX.Element {
  return (
    <ul class="strip" aria-label="Health of the fleet">
      {HEALTH_ORDER.toReversed().map((state) => (
        <li key={state}>
          <a
            class="strip-item"
            href={props.href(state)}
            aria-current={props.active === state ? "true" : undefined}
            data-zero={props.list.health[state] === 0}
          >
            <span class="strip-figure">{formatCount(props.list.health[state])}</span>
            <HealthMark state={state} />
          </a>
        </li>
      ))}
      {props.children}
    </ul>
  );
}
