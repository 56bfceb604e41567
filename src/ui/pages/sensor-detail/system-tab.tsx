import type { ComponentChildren, JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { Facts, Section } from "../../parts/pane.tsx";
import { When } from "../../parts/time.tsx";
import { sentence } from "../../words.ts";
import { TrustSections } from "./trust-sections.tsx";

/** Identity and certificates, and the host itself. */
export function SystemTab({ sensor, onReenroll }: { sensor: SensorDetail; onReenroll: () => void }): JSX.Element {
  const { system } = sensor;
  const machine = (text: string | undefined): ComponentChildren =>
    text && <span class="machine wrap-anywhere">{text}</span>;
  return (
    <div class="two-columns">
      <div class="stack stack-6">
        <TrustSections sensor={sensor} onReenroll={onReenroll} />
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
              ["Started", <When at={system.boot_at} />],
              ["Time zone", system.timezone],
            ]}
          />
        )}
      </Section>
    </div>
  );
}
