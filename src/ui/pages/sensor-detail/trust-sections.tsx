import type { JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Banner } from "../../parts/states.tsx";
import { Ago, When } from "../../parts/time.tsx";
import { can } from "../../session.ts";
import { formatDuration } from "../../format.ts";
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
  const rotated = new Set(sensor.certificates.map(({ issuer_id: id }) => id ?? "")).size > 1;
  const mayReenroll = can(sensor.lifecycle_status === "revoked" ? "admin" : "operator");
  return (
    <>
      <Section title="Trust" actions={mayReenroll && <Button onClick={onReenroll}>Re-enrol</Button>}>
        {advice && <Banner tone={sensor.trust_health === "revoked" ? "critical" : "warning"}>{advice}</Banner>}
        <Facts
          items={[
            ["State", TRUST_WORDS[sensor.trust_state]],
            ["Certificate", TRUST_HEALTH_WORDS[sensor.trust_health]],
            ["Expires", sensor.certificate_expires_at && <When at={sensor.certificate_expires_at} />],
            ["Enrolled", <When at={sensor.enrolled_at} />],
            ["Clock", <Clock ms={sensor.clock_skew_ms} />],
            [
              "Last trouble",
              trouble && (
                <>
                  {trouble.at && <When at={trouble.at} />} <span class="quiet">{trouble.message}</span>
                </>
              ),
            ],
            ["Copies of it", sensor.clone_suspected_at !== undefined && <Copies sensor={sensor} />],
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
                <th class="hide-narrow">Serial</th>
                {rotated && <th>Authority</th>}
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
                  <td class="machine hide-narrow" title={certificate.serial}>
                    {certificate.serial.slice(0, 16)}
                  </td>
                  {rotated && (
                    <td class="machine" title={certificate.issuer_id ?? undefined}>
                      {certificate.issuer_id?.slice(0, 8) ?? ""}
                    </td>
                  )}
                  <td class="nowrap">
                    <Ago at={certificate.created_at} />
                  </td>
                  <td class="nowrap">{certificate.status === "revoked" ? "" : <When at={endOf(certificate)} />}</td>
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

/** Above it a clock is said to be off, as the Console has it too. */
const SKEW_MS = 30_000;
const GREAT_SKEW_MS = 12 * 3_600_000;

/** How far the sensor's clock is from the Console's: certificates and times of events hang on it. */
function Clock({ ms }: { ms: number | null }): JSX.Element {
  if (ms === null) return <span class="faint">not known yet</span>;
  const off = Math.abs(ms);
  if (off < 1000) return <>within {formatDuration(Math.max(1, off))} of the Console's</>;
  const words = `${formatDuration(off)} ${ms > 0 ? "ahead of" : "behind"} the Console's`;
  if (off <= SKEW_MS) return <>{words}</>;
  return <StateMark tone={off > GREAT_SKEW_MS ? "degraded" : "watch"}>{words}</StateMark>;
}

/** Whether a second node was seen with this identity. */
function Copies({ sensor }: { sensor: SensorDetail }): JSX.Element {
  const { clone_suspected_at: at, clone_detail: detail } = sensor;
  if (at === undefined || at === null) return <>none seen</>;
  const now = sensor.health_reasons.find(({ code }) => code === "clone_suspected");
  return (
    <>
      {now ? <StateMark tone={now.state}>Two nodes use this identity</StateMark> : "seen before"}{" "}
      <span class="quiet">
        last <When at={at} />. {detail}
      </span>
      {now && <p class="quiet">{now.action}</p>}
    </>
  );
}
