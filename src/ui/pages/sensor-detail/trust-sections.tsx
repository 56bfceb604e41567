import type { JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Banner } from "../../parts/states.tsx";
import { Ago } from "../../parts/time.tsx";
import { can } from "../../session.ts";
import { TRUST_HEALTH_WORDS, TRUST_WORDS } from "../../words.ts";

type Certificate = SensorDetail["certificates"][number];

const CERT_TONE = { pending: "watch", active: "healthy", previous: "offline", revoked: "critical" } as const;
const CERT_WORD = { pending: "Not used yet", active: "In use", previous: "Renewed", revoked: "Revoked" } as const;

/** What the state of trust asks of a person. */
const ADVICE: Partial<Record<SensorDetail["trust_health"], string>> = {
  degraded: "If it does not mend itself, re-enrol the node: it keeps its id and what it has not delivered yet.",
  revoked: "Re-enrol the node if it may report again.",
};

/** How the sensor proves itself, and with what. */
export function TrustSections({ sensor, onReenroll }: { sensor: SensorDetail; onReenroll: () => void }): JSX.Element {
  const { trust_error: trouble } = sensor;
  const advice = ADVICE[sensor.trust_health];
  const mayReenroll = can(sensor.lifecycle_status === "revoked" ? "admin" : "operator");
  return (
    <>
      <Section title="Trust" actions={mayReenroll && <Button onClick={onReenroll}>Re-enrol</Button>}>
        {advice && <Banner tone={sensor.trust_health === "revoked" ? "critical" : "warning"}>{advice}</Banner>}
        <Facts
          items={[
            ["State", TRUST_WORDS[sensor.trust_state]],
            ["Certificate", TRUST_HEALTH_WORDS[sensor.trust_health]],
            ["Expires", sensor.certificate_expires_at && <Ago at={sensor.certificate_expires_at} />],
            ["Enrolled", <Ago at={sensor.enrolled_at} />],
            [
              "Last trouble",
              trouble && (
                <>
                  {trouble.at && <Ago at={trouble.at} />} <span class="quiet">{trouble.message}</span>
                </>
              ),
            ],
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
                <th>Issued</th>
                <th>Counts until</th>
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
                    <Ago at={certificate.created_at} />
                  </td>
                  <td>{certificate.status === "revoked" ? "" : <Ago at={endOf(certificate)} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

/** A renewed one is taken a day longer, not until its own end. */
function endOf(certificate: Certificate): string {
  return certificate.valid_until ?? certificate.not_after;
}
