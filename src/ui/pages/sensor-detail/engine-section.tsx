import type { JSX } from "preact";
import type { HealthState, SensorDetail } from "../../../core/api/sensors.ts";
import { formatBytes, formatCount, plural } from "../../format.ts";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { sentence } from "../../words.ts";

type Engine = NonNullable<SensorDetail["engine"]>;
type Backend = Engine["backends"][number];

const TONE: Readonly<Record<Backend["status"], HealthState>> = {
  ok: "healthy",
  degraded: "degraded",
  rejected: "critical",
};
const WORD: Readonly<Record<Backend["status"], string>> = {
  ok: "Works",
  degraded: "Degraded",
  rejected: "Not possible",
};
const RANK: Readonly<Record<Backend["status"], number>> = { rejected: 0, degraded: 1, ok: 2 };
const ENGINE_TONE: Readonly<Record<Engine["state"], HealthState>> = {
  running: "healthy",
  starting: "watch",
  backoff: "degraded",
  failed: "critical",
  stopped: "critical",
};

/** `telovix-tcp-accept` → `TCP accept`. Pure. */
export function hookTitle(sensor: string): string {
  const words = sentence(sensor.replace(/^telovix-/, "").replaceAll("-", " "));
  return words.replaceAll(/\b(?:dns|tcp|udp)\b/gi, (name) => name.toUpperCase());
}

/** The kernel engine and, hook by hook, which mechanism sees what: the worst first. */
export function EngineSection({ engine }: { engine: Engine }): JSX.Element {
  const backends = engine.backends.toSorted(
    (a, b) => RANK[a.status] - RANK[b.status] || a.sensor.localeCompare(b.sensor),
  );
  const ill = backends.filter((backend) => backend.status !== "ok").length;
  return (
    <Section
      title="Engine"
      count={
        ill === 0
          ? `all ${plural(backends.length, "hook")} work`
          : `${ill} of ${plural(backends.length, "hook")} limited`
      }
    >
      <Facts
        items={[
          [
            "State",
            <span class="row row-wrap">
              <StateMark tone={ENGINE_TONE[engine.state]}>{sentence(engine.state)}</StateMark>
              {engine.reason && <span class="quiet">{engine.reason}</span>}
            </span>,
          ],
          ["Version", engine.version && <span class="machine">{engine.version}</span>],
          ["Events seen", `${formatCount(engine.events)}, ${formatCount(engine.lost)} lost`],
          ["Restarts", formatCount(engine.restarts)],
          ["Memory", engine.rss_bytes !== undefined && formatBytes(engine.rss_bytes)],
        ]}
      />
      <div class="scroll-x" tabIndex={0} role="group" aria-label="Hooks">
        <table class="plain-table">
          <thead>
            <tr>
              <th>State</th>
              <th>Watches</th>
              <th class="hide-narrow">Hook</th>
              <th class="hide-narrow">Mechanism</th>
              <th class="hide-narrow">Note</th>
            </tr>
          </thead>
          <tbody>
            {backends.map((backend) => (
              <tr key={backend.sensor + backend.hook + backend.backend}>
                <td>
                  <StateMark tone={TONE[backend.status]}>{WORD[backend.status]}</StateMark>
                </td>
                <td>
                  {hookTitle(backend.sensor)}
                  <div class="show-narrow">
                    <span class="machine wrap-anywhere">
                      {backend.hook} {backend.backend}
                    </span>
                    {backend.reason && <p class="quiet">{backend.reason}</p>}
                  </div>
                </td>
                <td class="machine hide-narrow">{backend.hook}</td>
                <td class="machine hide-narrow">{backend.backend}</td>
                <td class="quiet hide-narrow">{backend.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
