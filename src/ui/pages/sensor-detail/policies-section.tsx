import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { HealthState, SensorDetail } from "../../../core/api/sensors.ts";
import { formatCount, plural } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { HoverCard } from "../../parts/hover-card.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";

type Engine = NonNullable<SensorDetail["engine"]>;
type Policy = NonNullable<Engine["policies"]>[number];
type State = Policy["state"];

const TONE: Readonly<Record<State, HealthState>> = {
  rejected: "critical",
  off: "critical",
  degraded: "degraded",
  waiting: "watch",
  ok: "healthy",
  standby: "offline",
};
const WORD: Readonly<Record<State, string>> = {
  rejected: "Not possible",
  off: "Switched off",
  degraded: "Degraded",
  waiting: "Waiting",
  ok: "Works",
  standby: "Not needed",
};
const RANK: Readonly<Record<State, number>> = { rejected: 0, off: 0, degraded: 1, waiting: 2, ok: 3, standby: 4 };
/** What is shown before somebody asks for all. */
const FEW = 12;

/** The worst first, then what has matched most. */
function ordered(policies: readonly Policy[]): readonly Policy[] {
  return policies.toSorted(
    (a, b) => RANK[a.state] - RANK[b.state] || b.matched - a.matched || a.name.localeCompare(b.name),
  );
}

function summary(policies: readonly Policy[]): string {
  const meant = policies.filter((policy) => policy.state !== "standby");
  const waiting = meant.filter((policy) => policy.state === "waiting").length;
  const ill = meant.filter(isIll).length;
  if (ill > 0) return `${ill} of ${plural(meant.length, "policy", "policies")} limited`;
  if (waiting > 0) return `${waiting} of ${plural(meant.length, "policy", "policies")} not loaded yet`;
  return `all ${plural(meant.length, "policy", "policies")} work`;
}

/** Why is then read at once; of other states on hover and focus. */
function isIll({ state }: Policy): boolean {
  return RANK[state] <= RANK.degraded;
}

function PolicyMark({ policy }: { policy: Policy }): JSX.Element {
  const mark = <StateMark tone={TONE[policy.state]}>{WORD[policy.state]}</StateMark>;
  if (policy.reason === undefined || isIll(policy)) return mark;
  return (
    <HoverCard card={() => <p class="wrap-anywhere">{policy.reason}</p>}>
      <span class="reason-anchor" tabIndex={0}>
        {mark}
      </span>
    </HoverCard>
  );
}

interface Columns {
  readonly hasPacks: boolean;
  readonly hasStopped: boolean;
  /** On a phone a column of zeros only takes room. */
  readonly lostClass: string;
}

function PolicyRow({ policy, columns }: { policy: Policy; columns: Columns }): JSX.Element {
  const runs = policy.state === "ok" || policy.state === "degraded" || policy.state === "off";
  return (
    <tr>
      <td>
        <PolicyMark policy={policy} />
      </td>
      <td>
        <span class="machine wrap-anywhere">{policy.name}</span>
        {columns.hasPacks && policy.pack !== undefined && (
          <div class="narrow-second faint show-narrow">{policy.pack}</div>
        )}
        {isIll(policy) && policy.reason !== undefined && <div class="narrow-second quiet">{policy.reason}</div>}
      </td>
      {columns.hasPacks && <td class="quiet hide-narrow nowrap">{policy.pack}</td>}
      <td class="hide-narrow">{policy.mode === "enforce" ? "Enforces" : "Monitors"}</td>
      <td class="number">{runs ? formatCount(policy.matched) : ""}</td>
      {columns.hasStopped && <td class="number">{runs ? formatCount(policy.enforced) : ""}</td>}
      <td class={columns.lostClass}>{runs ? formatCount(policy.lost) : ""}</td>
    </tr>
  );
}

function Nothing({ engine }: { engine: Engine }): JSX.Element {
  if (engine.policies === undefined)
    return <p class="calm">This sensor is of a version that does not say which policies it runs. Update it.</p>;
  return (
    <p class="calm">
      No policies run here. Its engine's own sensors watch processes, files and connections; a pack of policies adds
      what attacks are made of: start the sensor with <span class="machine">--packs linux-baseline</span>.
    </p>
  );
}

/** What the engine was given to look for, policy by policy. */
export function PoliciesSection({ engine }: { engine: Engine }): JSX.Element {
  const [showsAll, setShowsAll] = useState(false);
  const policies = ordered(engine.policies ?? []);
  if (policies.length === 0)
    return (
      <Section title="Policies">
        <Nothing engine={engine} />
      </Section>
    );
  const shown = showsAll ? policies : policies.slice(0, FEW);
  const packs = new Set(policies.map((policy) => policy.pack));
  const columns: Columns = {
    hasPacks: packs.size > 1,
    hasStopped: policies.some((policy) => policy.mode === "enforce" || policy.enforced > 0),
    lostClass: policies.some((policy) => policy.lost > 0) ? "number" : "number hide-narrow",
  };
  const [only] = packs.size === 1 ? packs : [];
  const left = engine.policies_left_out ?? 0;
  return (
    <Section title="Policies" count={`${only === undefined ? "" : `${only}: `}${summary(policies)}`}>
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Policies">
        <table class="plain-table plain-table-close">
          <thead>
            <tr>
              <th>State</th>
              <th>Policy</th>
              {columns.hasPacks && <th class="hide-narrow">Pack</th>}
              <th class="hide-narrow">Mode</th>
              <th class="number" title="Times its filters held, since the engine started">
                Matched
              </th>
              {columns.hasStopped && (
                <th class="number" title="Calls stopped and processes ended, since the engine started">
                  Stopped
                </th>
              )}
              <th class={columns.lostClass} title="Events of it that found no room, since the engine started">
                Lost
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((policy) => (
              <PolicyRow key={policy.name} policy={policy} columns={columns} />
            ))}
          </tbody>
        </table>
      </div>
      {policies.length > FEW && (
        <div>
          <Button kind="quiet" onClick={() => setShowsAll(!showsAll)}>
            {showsAll ? "Show fewer" : `Show all ${formatCount(policies.length)}`}
          </Button>
        </div>
      )}
      {left > 0 && <p class="quiet">{plural(left, "further policy", "further policies")} it did not name.</p>}
    </Section>
  );
}
