import type { JSX } from "preact";
import { formatCount, plural } from "../../format.ts";
import { StateMark } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { Await, Skeleton } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import type { AuthorityState } from "./authority-state.ts";
import { groupDoubts, type Doubt } from "./doubts.ts";

/** Sensors shown of one kind of doubt. */
const SHOWN = 20;

/** Sensors that can't be told from another, or will not be able to prove themselves before long. */
export function DoubtsSection({ state }: { state: AuthorityState }): JSX.Element {
  const loaded = state.doubts.state.value;
  const rows = loaded.data?.rows ?? [];
  return (
    <Section title="Identities in doubt" {...(rows.length > 0 ? { count: formatCount(rows.length) } : {})}>
      <Await loaded={loaded} onRetry={() => state.doubts.load()} skeleton={<Skeleton rows={2} />}>
        {({ whole }) => (
          <div class="stack stack-4">
            {rows.length === 0 && (
              <p class="calm">
                None. Sensors that share an identity, whose certificate ends without being renewed, or whose clock is
                far off, are listed here.
              </p>
            )}
            {groupDoubts(rows).map((doubts) => (
              <Group key={doubts[0]?.reason.code} doubts={doubts} />
            ))}
            {!whole && (
              <p class="faint">
                Looked for among the worst of the fleet.{" "}
                <a href="/sensors?needs_attention=true">All sensors that need attention</a>
              </p>
            )}
          </div>
        )}
      </Await>
    </Section>
  );
}

/** What is wrong and what helps, once, and each sensor it is wrong with. */
function Group({ doubts }: { doubts: readonly Doubt[] }): JSX.Element | null {
  const [first] = doubts;
  if (!first) return null;
  return (
    <div class="stack doubts">
      <p>
        <StateMark tone={first.reason.state}>{first.words}</StateMark>{" "}
        <span class="faint">{plural(doubts.length, "sensor")}</span>
      </p>
      <p class="quiet">{first.reason.action}</p>
      <table class="plain-table">
        <tbody>
          {doubts.slice(0, SHOWN).map(({ sensor, reason }) => (
            <tr key={sensor.sensor_id}>
              <td>
                <a class="node-link" href={`/sensors/${sensor.sensor_id}?tab=system`}>
                  {sensor.node_name}
                </a>
              </td>
              <td class="doubts-why">{reason.message}</td>
              <td class="number faint hide-narrow">
                heard <Ago at={sensor.last_seen_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {doubts.length > SHOWN && <p class="faint">and {plural(doubts.length - SHOWN, "more", "more")}</p>}
    </div>
  );
}
