import type { ComponentChildren, JSX } from "preact";
import { Icon } from "../../parts/icon.tsx";
import { Await, Empty } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import type { SensorState } from "./state.ts";

/** True when every word typed stands in one of the fields. */
export function matchesWords(find: string, ...fields: readonly (string | number | undefined)[]): boolean {
  if (find.trim() === "") return true;
  const text = fields.join(" ").toLowerCase();
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** A list of the last snapshot: search, count, and when it was taken. */
export function InventoryFrame(props: {
  state: SensorState;
  placeholder: string;
  note: string;
  /** When what is listed was so; the newest of the inventory where it is not said. */
  at?: string | null | undefined;
  extra?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  const { state } = props;
  return (
    <Await loaded={state.inventory.state.value} onRetry={() => state.inventory.load()}>
      {(data) =>
        data.observed_at === null ? (
          <Empty title="No snapshot yet">
            The sensor sends what runs on its host with its first heartbeats, within a minute of its start.
          </Empty>
        ) : (
          <div class="inventory">
            <div class="filter-bar">
              {props.extra}
              <div class="search-box">
                <Icon name="search" />
                <input
                  type="search"
                  aria-label={props.placeholder}
                  placeholder={props.placeholder}
                  value={state.find.value}
                  onInput={(event) => (state.find.value = event.currentTarget.value)}
                  spellcheck={false}
                />
              </div>
              <span class="faint">{props.note}</span>
              <span class="grow" />
              <span class="faint">
                as of <Ago at={props.at ?? data.observed_at} />
              </span>
            </div>
            <div class="panel panel-fill">{props.children}</div>
          </div>
        )
      }
    </Await>
  );
}
