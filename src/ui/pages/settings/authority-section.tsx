import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AuthorityStatus } from "../../../core/api/trust.ts";
import { plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Meter } from "../../parts/meter.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Await, Banner } from "../../parts/states.tsx";
import { Ago, When } from "../../parts/time.tsx";
import { createAuthorityState, type AuthorityState } from "./authority-state.ts";
import { AcceptedSection, WaitingSection } from "./authority-tables.tsx";
import { advanceWords, authorityNames, progressOf, STEPS } from "./authority-words.ts";
import { DoubtsSection } from "./doubts-section.tsx";

/** The authority that signs sensors' certificates and its change to the next one, and whose identity is in doubt. */
export function AuthoritySection(): JSX.Element {
  const [state] = useState(createAuthorityState);
  useEffect(() => state.start(), [state]);
  return (
    <Await loaded={state.loaded.state.value} onRetry={() => state.loaded.load()}>
      {(status) => (
        <div class="stack stack-6 settings">
          {status.phase === "stable" ? (
            <AtRest state={state} status={status} />
          ) : (
            <Change state={state} status={status} />
          )}
          {status.waiting_total > 0 && <WaitingSection status={status} />}
          <AcceptedSection status={status} />
          <DoubtsSection state={state} />
          <Section title={status.hosts.length > 1 ? `${status.hosts.length} Consoles` : "The Console itself"}>
            <Facts
              items={[
                ["Certificate until", <When at={status.server_certificate_ends_at} />],
                [status.hosts.length === 1 ? "Host" : "Hosts", <Hosts hosts={status.hosts} />],
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

/** Where Consoles of this installation run; one without a key holds up the change. */
function Hosts({ hosts }: { hosts: AuthorityStatus["hosts"] }): JSX.Element {
  return (
    <ul>
      {hosts.map((host) => (
        <li key={host.name} class="row row-wrap">
          <span class="machine">{host.name}</span>
          <span class="faint">
            heard <Ago at={host.seen_at} />
          </span>
          {host.lacks_key && <StateMark tone="degraded">Lacks the next key</StateMark>}
        </li>
      ))}
    </ul>
  );
}

function AtRest({ state, status }: { state: AuthorityState; status: AuthorityStatus }): JSX.Element {
  return (
    <Section title="Certificate authority">
      <p class="prose">
        {authorityNames(status).old} signs the certificates of {plural(status.sensors, "sensor")}. Change it before it
        ends, or when its key may be in other hands: sensors go on reporting meanwhile.
      </p>
      <details class="manual">
        <summary>What a change goes through</summary>
        <Steps status={status} />
      </details>
      <div class="row">
        <Button busy={state.busy.value} onClick={() => void state.act("rotate")}>
          Change the authority…
        </Button>
      </div>
    </Section>
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
  const lacking = status.hosts.filter((host) => host.lacks_key).map((host) => host.name);
  const issuing = status.phase === "dual_issue";
  const { done, words } = progressOf(status);
  return (
    <Section title="Certificate authority is being changed">
      <div class="stack stack-4">
        <Steps status={status} />
        <div class="stack">
          <Meter label="Sensors that are done with this step" words={words} value={done} of={status.sensors} />
          <p class="row row-wrap">
            <span class="grow">{words}</span>
            <span class="faint">
              In this step since <When at={status.since} />
            </span>
          </p>
        </div>
        {lacking.length > 0 && (
          <Banner tone="warning">
            {`The change waits: ${lacking.join(", ")} ${lacking.length === 1 ? "lacks" : "lack"} the next authority's key. Copy the files ca* of the directory trust there from the Console where the change was begun.`}
          </Banner>
        )}
        {waits ? (
          <Banner tone="warning">
            {issuing
              ? `${plural(status.waiting_total, "sensor")} would be cut off if the old authority were retired now. They renew when they report.`
              : `${plural(status.waiting_total, "sensor")} would be cut off if the next authority were given up now: ${status.waiting_total === 1 ? "its certificate is" : "their certificates are"} of that one only.`}
          </Banner>
        ) : (
          issuing && lacking.length === 0 && <Banner>Nobody would be cut off: the old authority can be retired.</Banner>
        )}
        <div class="row row-wrap">
          <Button
            kind="primary"
            busy={busy}
            disabled={!status.actions.includes("advance")}
            onClick={() => void state.act("advance")}
          >
            {advanceWords(status)}…
          </Button>
          <Button busy={busy} disabled={!status.actions.includes("abort")} onClick={() => void state.act("abort")}>
            {issuing ? "Go back a step…" : "Give it up…"}
          </Button>
          {waits && (
            <Button kind="danger" busy={busy} onClick={() => void state.act(issuing ? "advance" : "abort", true)}>
              {issuing ? "Retire anyway…" : "Give it up anyway…"}
            </Button>
          )}
        </div>
      </div>
    </Section>
  );
}
