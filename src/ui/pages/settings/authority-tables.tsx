import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { AuthorityStatus } from "../../../core/api/trust.ts";
import { formatCount } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { Ago, When } from "../../parts/time.tsx";
import { authorityName } from "./authority-words.ts";

/** What is shown before somebody asks for all. */
const FEW = 8;

/** Sensors that the next step, or giving up, would cut off. */
export function WaitingSection({ status }: { status: AuthorityStatus }): JSX.Element {
  const { waiting, waiting_total: total } = status;
  const other = status.phase === "dual_issue" ? "next" : "old";
  const [all, setAll] = useState(false);
  const rows = all ? waiting : waiting.slice(0, FEW);
  return (
    <Section title="Would be cut off" count={formatCount(total)}>
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
            {rows.map((sensor) => (
              <tr key={sensor.sensor_id}>
                <td>
                  <a class="node-link" href={`/sensors/${sensor.sensor_id}?tab=system`}>
                    {sensor.node_name}
                  </a>
                </td>
                <td>
                  {sensor.reason === "certificate" ? `a certificate of the ${other} authority` : "the new trust bundle"}
                </td>
                <td class="nowrap">
                  <Ago at={sensor.last_seen_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {waiting.length > FEW && (
        <div class="row row-wrap">
          <Button kind="quiet" onClick={() => setAll(!all)}>
            {all ? "Show fewer" : `Show ${waiting.length < total ? "the first" : "all"} ${formatCount(waiting.length)}`}
          </Button>
        </div>
      )}
    </Section>
  );
}

/** Authorities whose certificates count now. */
export function AcceptedSection({ status }: { status: AuthorityStatus }): JSX.Element {
  return (
    <Section title="Accepted now" count={String(status.authorities.length)}>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Authorities accepted now">
        <table class="plain-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Role</th>
              <th class="number">Sensors</th>
              <th>Ends</th>
              <th class="hide-narrow">SHA-256 of its key</th>
            </tr>
          </thead>
          <tbody>
            {status.authorities.map((authority) => (
              <tr key={authority.id}>
                <td>{authorityName(authority)}</td>
                <td>
                  <StateMark tone={authority.standing === "issuing" ? "healthy" : "offline"}>
                    {authority.standing === "issuing" ? "Signs" : "Trusted"}
                  </StateMark>
                </td>
                <td class="number">{formatCount(authority.sensors)}</td>
                <td class="nowrap">
                  <When at={authority.not_after} />
                </td>
                <td class="hide-narrow nowrap">
                  <span class="row">
                    <span class="machine" title={authority.id}>
                      {authority.id.slice(0, 16)}…
                    </span>
                    <CopyButton text={authority.id} what="Copy the SHA-256 of the key" />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
