import type { JSX } from "preact";
import { Button } from "../../parts/button.tsx";
import { plural } from "../../format.ts";
import type { SensorsState } from "./state.ts";

/** What can be done with the sensors that are selected. */
export function BulkBar({ state }: { state: SensorsState }): JSX.Element | null {
  const chosen = state.rows.value.filter((row) => state.checked.value.has(row.sensor_id));
  if (chosen.length === 0) return null;
  const busy = state.busy.value;
  const live = chosen.filter((row) => row.lifecycle_status !== "revoked");
  const disabled = live.filter((row) => row.lifecycle_status === "disabled");
  const enabled = live.filter((row) => row.lifecycle_status !== "disabled");
  return (
    <div class="bulk" role="toolbar" aria-label="Selected sensors">
      <strong>{plural(chosen.length, "sensor")} selected</strong>
      <Button kind="quiet" onClick={() => (state.checked.value = new Set())}>
        Clear
      </Button>
      <span class="grow" />
      <Button disabled={busy || disabled.length === 0} onClick={() => void state.act("enable", disabled)}>
        Enable
      </Button>
      <Button disabled={busy || enabled.length === 0} onClick={() => void state.act("disable", enabled)}>
        Disable
      </Button>
      <Button kind="danger" disabled={busy || live.length === 0} onClick={() => void state.act("revoke", live)}>
        Revoke
      </Button>
    </div>
  );
}
