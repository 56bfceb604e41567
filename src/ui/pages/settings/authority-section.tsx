import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AuthorityStatus } from "../../../core/api/trust.ts";
import { formatCount, plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Await, Banner } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import { advanceWords, createAuthorityState, STEPS, type AuthorityState } from "./authority-state.ts";

/** The authority that signs sensors' certificates, and its change to the next one. */
export function AuthoritySection(): JSX.Element {
  const [state] = useState(createAuthorityState);
  useEffect(() => state.start(), [state]);
  return (
    <Await loaded={state.loaded.state.value} onRetry={() => state.loaded.load()}>
      {(status) => (
        <div class="stack stack-6 settings">
          <Change state={state} status={status} />
          {status.waiting_total > 0 && <Waiting status={status} />}
          <Authorities status={status} />
          <Section title="The Console itself">
            <Facts
              items={[
                ["Certificate until", <Ago at={status.server_certificate_ends_at} />],
                [
                  "Pinned key",
                  <span class="row">
                    <span class="machine wrap-anywhere">{status.pinned_public_key}</span>
                    <CopyButton text={status.pinned_public_key} what="Copy the pinned key" />
                  </span>,
                ],
              ]}
            />
            <p class="faint">
              The key stays the same through a change, so commands that were copied before go on working.
            </p>
          </Section>
        </div>
      )}
    </Await>
  );
}

function Steps({ status }: { status: AuthorityStatus }): JSX.Element {
  const at = STEPS.findIndex((step) => step.phase === status.phase);
  return (
    <ol class="change-steps" aria-label="Steps of the change">
      {STEPS.map((step, i) => (
        <li key={step.phase} class={i < at ? "step-done" : ""} aria-current={i === at ? "step" : undefined}>
          <strong>{step.name}</strong>
          <span class="quiet">{step.what}</span>
        </li>
      ))}
    </ol>
  );
}

function Change({ state, status }: { state: AuthorityState; status: AuthorityStatus }): JSX.Element {
  const busy = state.busy.value;
  const waits = status.waiting_total > 0;
  const stable = status.phase === "stable";
  return (
    <Section title="Certificate authority">
      <Steps status={status} />
      {!stable && (
        <Banner tone={waits && status.phase === "dual_issue" ? "warning" : "info"}>{progress(status)}</Banner>
      )}
      <div class="row row-wrap">
        {stable ? (
          <Button busy={busy} onClick={() => void state.act("rotate")}>
            Change the authority…
          </Button>
        ) : (
          <>
            <Button
              kind="primary"
              busy={busy}
              disabled={!status.actions.includes("advance")}
              onClick={() => void state.act("advance")}
            >
              {advanceWords(status)}
            </Button>
            <Button busy={busy} disabled={!status.actions.includes("abort")} onClick={() => void state.act("abort")}>
              {status.phase === "dual_issue" ? "Go back a step" : "Give it up"}
            </Button>
            {waits && (
              <Button
                kind="danger"
                busy={busy}
                onClick={() => void state.act(status.phase === "dual_issue" ? "advance" : "abort", true)}
              >
                {status.phase === "dual_issue" ? "Retire anyway…" : "Give it up anyway…"}
              </Button>
            )}
          </>
        )}
      </div>
    </Section>
  );
}

/** How far it is, in one sentence. */
function progress(status: AuthorityStatus): string {
  const { sensors, sensors_with_bundle: know, waiting_total: waiting } = status;
  const known = `${formatCount(know)} of ${plural(sensors, "sensor")} trust both.`;
  if (status.phase === "dual_trust")
    return waiting > 0 ? `${known} ${plural(waiting, "sensor")} hold certificates of the next one only.` : known;
  return waiting === 0
    ? "Every sensor has a certificate of the next authority. The old one can be retired."
    : `${plural(waiting, "sensor")} would be cut off if the old authority were retired now. They renew when they report.`;
}

function Waiting({ status }: { status: AuthorityStatus }): JSX.Element {
  const { waiting, waiting_total: total } = status;
  const other = status.phase === "dual_issue" ? "next" : "old";
  const shown = waiting.length < total ? `first ${waiting.length} of ${formatCount(total)}` : String(total);
  return (
    <Section title="Would be cut off" count={shown}>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Sensors that would be cut off">
        <table class="plain-table">
          <thead>
            <tr>
              <th>Sensor</th>
              <th>Waits for</th>
              <th>Last heard</th>
            </tr>
          </thead>
          <tbody>
            {waiting.map((sensor) => (
              <tr key={sensor.sensor_id}>
                <td>
                  <a href={`/sensors/${sensor.sensor_id}?tab=system`}>{sensor.node_name}</a>
                </td>
                <td>
                  {sensor.reason === "certificate" ? `a certificate of the ${other} authority` : "the new trust bundle"}
                </td>
                <td>
                  <Ago at={sensor.last_seen_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Authorities({ status }: { status: AuthorityStatus }): JSX.Element {
  return (
    <Section title="Accepted now" count={String(status.authorities.length)}>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Authorities accepted now">
        <table class="plain-table">
          <thead>
            <tr>
              <th>Role</th>
              <th>Name</th>
              <th class="number">Sensors</th>
              <th>Ends</th>
              <th class="hide-narrow">Key</th>
            </tr>
          </thead>
          <tbody>
            {status.authorities.map((authority) => (
              <tr key={authority.id}>
                <td>
                  <StateMark tone={authority.standing === "issuing" ? "healthy" : "watch"}>
                    {authority.standing === "issuing" ? "Signs" : "Trusted"}
                  </StateMark>
                </td>
                <td>{/CN=([^,\n]+)/.exec(authority.subject)?.[1] ?? authority.subject}</td>
                <td class="number">{formatCount(authority.sensors)}</td>
                <td>
                  <Ago at={authority.not_after} />
                </td>
                <td class="machine hide-narrow" title={authority.id}>
                  {authority.id.slice(0, 16)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
