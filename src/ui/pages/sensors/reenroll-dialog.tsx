import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SensorSummary } from "../../../core/api/sensors.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Banner } from "../../parts/states.tsx";
import { createDeployState } from "./deploy-state.ts";
import { Paste } from "./paste.tsx";

/** Makes a token for a sensor that is known, and waits until it has proven itself anew. */
export function ReenrollDialog({ sensor, onClose }: { sensor: SensorSummary; onClose: () => void }): JSX.Element {
  const [state] = useState(() => createDeployState(sensor.sensor_id));
  useEffect(() => state.start(), [state]);
  const created = state.created.value;
  const failure = state.failure.value;
  return (
    <Dialog title={`Re-enrol ${sensor.node_name}`} onClose={onClose} wide>
      {created ? (
        <Paste created={created} own={state.own.value} reports={state.reports.value} onClose={onClose} />
      ) : (
        <div class="stack stack-4">
          <p class="prose">
            The node gets a new key and certificate. The sensor keeps its id and its history, and what waits in its
            spool is delivered. Its certificates until now stop counting when the new one is first used.
          </p>
          {sensor.lifecycle_status === "revoked" && (
            <Banner tone="warning">This sensor was revoked. Re-enrolling lets it report again.</Banner>
          )}
          {failure && (
            <Banner tone="critical">
              {failure.message} {failure.hint}
            </Banner>
          )}
          <div class="row">
            <Button kind="primary" busy={state.busy.value} onClick={() => void state.create()}>
              Make the command
            </Button>
            <span class="faint">It works once, for 15 minutes.</span>
          </div>
        </div>
      )}
    </Dialog>
  );
}
