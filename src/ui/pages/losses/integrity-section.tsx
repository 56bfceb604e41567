import type { JSX } from "preact";
import type { IntegrityRoots } from "../../../core/api/integrity.ts";
import { now } from "../../clock.ts";
import { formatCount, formatMoment, plural } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Await, Skeleton } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import { rangeBounds, timeRange } from "../../time-range.ts";
import { can } from "../../session.ts";
import type { LossesState } from "./state.ts";

const COMMAND = "telovix verify FILE --key integrity-signing.pub.pem";

/** What the hash chains prove, and how to take it along. */
export function IntegritySection({
  state,
  nodeName,
}: {
  state: LossesState;
  nodeName: string | undefined;
}): JSX.Element {
  return (
    <Section title="Integrity">
      <Await loaded={state.roots.state.value} onRetry={() => state.roots.load()} skeleton={<Skeleton rows={3} />}>
        {(roots) => (
          <Integrity roots={roots} sensorId={state.filter.value["sensor"] ?? undefined} nodeName={nodeName} />
        )}
      </Await>
    </Section>
  );
}

function Integrity(props: {
  roots: IntegrityRoots;
  sensorId: string | undefined;
  nodeName: string | undefined;
}): JSX.Element {
  const { key, roots } = props.roots;
  const last = roots[0];
  const { fromMs, toMs } = rangeBounds(timeRange.value, now.value);
  const range = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  return (
    <div class="stack stack-3">
      <p class="prose quiet">
        Every event a sensor sends is hashed into a chain as it is stored, losses included. Once an hour all chains are
        signed. An export carries both, so anybody can check without this Console that nothing was changed, taken out or
        put in.
      </p>
      {last ? (
        <Facts
          items={[
            ["Last signed", <Ago key="at" at={last.signed_at} />],
            [
              "Hour",
              `${formatMoment(Date.parse(last.hour), now.value)}: ${plural(last.events, "event")} in ${plural(last.leaves, "chain")}${last.missing > 0 ? `, ${formatCount(last.missing)} known to be missing` : ", none missing"}`,
            ],
            [
              "Key",
              <span key="key" class="machine cut">
                {key.key_id}
              </span>,
            ],
          ]}
        />
      ) : (
        <p class="calm">Nothing is signed yet. The first root is made a few minutes after the first full hour.</p>
      )}
      {can("analyst") &&
        (props.sensorId === undefined ? (
          <p class="quiet">
            To export events with their proofs, open a{" "}
            <a class="inline-link" href="/sensors">
              sensor
            </a>{" "}
            and follow its losses.
          </p>
        ) : (
          <div class="row row-wrap">
            <a
              class="button button-plain"
              href={`/api/v1/integrity/export?sensor=${props.sensorId}&${range.toString()}`}
              download
            >
              Export {props.nodeName ?? "this sensor"}'s events with proofs
            </a>
            <span class="faint">The time range above, in whole blocks</span>
          </div>
        ))}
      <div class="row row-wrap">
        <span class="quiet">Check it on any machine:</span>
        <code class="machine command-line">{COMMAND}</code>
        <CopyButton text={COMMAND} what="Copy the command" />
      </div>
    </div>
  );
}
