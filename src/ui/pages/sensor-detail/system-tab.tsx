import type { ComponentChildren, JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { formatDuration } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Ago } from "../../parts/time.tsx";
import { TRUST_HEALTH_WORDS, TRUST_WORDS, sentence } from "../../words.ts";

const CERT_TONE = { active: "healthy", previous: "offline", revoked: "critical" } as const;
const CERT_WORD = { active: "In use", previous: "Replaced", revoked: "Revoked" } as const;

function skew(ms: number | null): string {
  if (ms === null) return "not known yet";
  if (Math.abs(ms) < 1000) return `within ${formatDuration(Math.max(1, Math.abs(ms)))} of the Console`;
  return `${formatDuration(Math.abs(ms))} ${ms > 0 ? "ahead of" : "behind"} the Console`;
}

/** Identity and certificates, and the host itself. */
export function SystemTab({ sensor }: { sensor: SensorDetail }): JSX.Element {
  const { system } = sensor;
  const machine = (text: string | undefined): ComponentChildren =>
    text && <span class="machine wrap-anywhere">{text}</span>;
  return (
    <div class="two-columns">
      <div class="stack stack-6">
        <Section title="Trust">
          <Facts
            items={[
              ["State", TRUST_WORDS[sensor.trust_state]],
              ["Certificate", TRUST_HEALTH_WORDS[sensor.trust_health]],
              ["Expires", sensor.certificate_expires_at && <Ago at={sensor.certificate_expires_at} />],
              ["Enrolled", <Ago at={sensor.enrolled_at} />],
              [
                "Sensor id",
                <span class="row">
                  <span class="machine cut">{sensor.sensor_id}</span>
                  <CopyButton text={sensor.sensor_id} what="Copy the sensor id" />
                </span>,
              ],
            ]}
          />
        </Section>
        <Section title="Certificates" count={String(sensor.certificates.length)}>
          <div class="scroll-x" tabIndex={0} role="group" aria-label="Certificates">
            <table class="plain-table">
              <thead>
                <tr>
                  <th>State</th>
                  <th>Serial</th>
                  <th>From</th>
                  <th>Until</th>
                </tr>
              </thead>
              <tbody>
                {sensor.certificates.map((certificate) => (
                  <tr key={certificate.serial}>
                    <td>
                      <StateMark tone={CERT_TONE[certificate.status]}>{CERT_WORD[certificate.status]}</StateMark>
                    </td>
                    <td class="machine" title={certificate.serial}>
                      {certificate.serial.slice(0, 16)}
                    </td>
                    <td>
                      <Ago at={certificate.not_before} />
                    </td>
                    <td>
                      <Ago at={certificate.not_after} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
        <Section title="Policy">
          <Facts
            items={[
              ["Pack", sensor.assigned_pack_id ?? "none assigned"],
              ["Enforcement", sentence(sensor.enforcement_state)],
              ["Mode", sentence(sensor.runtime_mode)],
              ["Tags", sensor.tags.join(", ")],
            ]}
          />
        </Section>
      </div>
      <Section title="Host">
        {system === null ? (
          <p class="calm">Nothing known yet. The host describes itself with its first heartbeat.</p>
        ) : (
          <Facts
            items={[
              ["Name", machine(system.hostname)],
              ["System", system.os],
              ["Kernel", machine(`${system.kernel} ${system.arch}`)],
              ["Real-time", system.preempt_rt ? "yes: only mechanisms that work there are used" : "no"],
              ["Kernel types (BTF)", system.btf ? "present" : "missing: the engine can see little"],
              ["Security modules", machine(system.lsm.join(", "))],
              [
                "Addresses",
                <ul>
                  {system.ip_addresses.map((address) => (
                    <li key={address} class="machine">
                      {address}
                    </li>
                  ))}
                </ul>,
              ],
              ["Started", <Ago at={system.boot_at} />],
              ["Time zone", system.timezone],
              ["Clock", skew(sensor.clock_skew_ms)],
            ]}
          />
        )}
      </Section>
    </div>
  );
}
