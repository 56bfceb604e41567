import type { JSX } from "preact";
import type { EventDetail } from "../../../core/api/events.ts";
import { isEventKind, KINDS } from "../../../core/event/kinds.ts";
import { formatBytes, formatCount, formatDuration, formatExact } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Entity } from "./entity.tsx";
import { ProcessFields } from "./process-fields.tsx";

const us = (value: number | undefined): string => (value === undefined ? "" : formatDuration(value / 1000));
const fromUs = (value: number): string => formatExact(new Date(value / 1000).toISOString()).split("\n")[0] ?? "";
const count = (value: number | undefined): string => (value === undefined ? "" : formatCount(value));
const address = (addr: string | undefined, port: number | undefined): string =>
  addr === undefined
    ? ""
    : port === undefined || port === 0
      ? addr
      : `${addr.includes(":") ? `[${addr}]` : addr}:${port}`;
const machine = (text: string | undefined): JSX.Element | undefined =>
  text ? <span class="machine wrap-anywhere">{text}</span> : undefined;

function enforcedText({ method, stopped }: { readonly method: string; readonly stopped: boolean }): JSX.Element {
  return (
    <>
      {stopped ? "It was stopped" : "Acted upon, after it may have had its effect"}{" "}
      <span class="machine quiet">{method}</span>
    </>
  );
}

/** Every field of an event, grouped; nothing is left out. */
export function EventFields({ event }: { event: EventDetail }): JSX.Element {
  const { file, network, dns, workload, hook, burst, loss, detail, tags } = event.event;
  const info = isEventKind(event.kind) ? KINDS[event.kind] : undefined;
  return (
    <>
      <Section title="What this means">
        <p class="prose">{info?.description}</p>
        <Facts
          items={[
            ["Kind", machine(event.kind)],
            ["Technique", machine(info?.mitre.join(", "))],
            ["Tags", tags?.join(", ")],
          ]}
        />
      </Section>
      {event.event.process && <ProcessFields event={event} process={event.event.process} />}
      {file && (
        <Section title="File">
          <Facts
            items={[
              ["Path", <Entity kind="file" text={file.path} what="this file" filter={{ q: file.path }} />],
              [
                "New path or target",
                file.target && <Entity kind="file" text={file.target} what="this file" filter={{ q: file.target }} />,
              ],
              ["Opened with", machine(file.flags)],
              ["Mode", machine(file.mode)],
              ["Matched watch", machine(file.watch)],
              ["Path certainty", file.toctou && "Read before the call acted on it: it may have been changed since."],
            ]}
          />
        </Section>
      )}
      {network && (
        <Section title="Network">
          <Facts
            items={[
              [
                "Remote",
                network.remote_addr && (
                  <Entity
                    kind="network"
                    text={address(network.remote_addr, network.remote_port)}
                    what="this address"
                    filter={{ q: network.remote_addr }}
                  />
                ),
              ],
              [
                "Name",
                network.dns_hostname && (
                  <Entity
                    kind="dns"
                    text={network.dns_hostname}
                    what="this name"
                    filter={{ q: network.dns_hostname }}
                  />
                ),
              ],
              ["Local", machine(address(network.local_addr, network.local_port))],
              ["Protocol", [network.protocol.toUpperCase(), network.direction].filter(Boolean).join(", ")],
              ["Sent", network.bytes_sent !== undefined && formatBytes(network.bytes_sent)],
              ["Received", network.bytes_received !== undefined && formatBytes(network.bytes_received)],
              ["Lasted", us(network.duration_us)],
            ]}
          />
        </Section>
      )}
      {dns && (
        <Section title="Name (DNS)">
          <Facts
            items={[
              ["Asked for", <Entity kind="dns" text={dns.query} what="this name" filter={{ q: dns.query }} />],
              ["Type", machine(dns.qtype)],
              ["Answer code", machine(dns.rcode)],
              ...dns.answers.map((answer, i): readonly [string, JSX.Element | undefined] => [
                i === 0 ? "Answers" : "",
                machine(`${answer.type} ${answer.data} (${answer.ttl} s)`),
              ]),
              [
                "Note",
                dns.malformed ? "The message was malformed." : dns.truncated ? "The message was cut short." : "",
              ],
            ]}
          />
        </Section>
      )}
      {loss && (
        <Section title="Lost">
          <Facts
            items={[
              ["Events", loss.count === 0 ? "unknown" : count(loss.count)],
              ["Cause", machine(loss.cause)],
              ["From", fromUs(loss.from_us)],
              ["To", fromUs(loss.to_us)],
            ]}
          />
        </Section>
      )}
      {burst && (
        <Section title="Folded">
          <Facts
            items={[
              ["Events", count(burst.count)],
              ["Within", formatDuration(burst.window_ms)],
              ["First", fromUs(burst.first_us)],
              ["Last", fromUs(burst.last_us)],
            ]}
          />
        </Section>
      )}
      {workload && (
        <Section title="Workload">
          <Facts
            items={[
              [
                "Container",
                workload.container_id && (
                  <Entity
                    kind="container"
                    text={workload.container_id.slice(0, 12)}
                    full={workload.container_id}
                    what="this container"
                    filter={{ container_id: workload.container_id }}
                  />
                ),
              ],
              ["Runtime", workload.runtime],
              ["Pod", workload.pod_name && machine([workload.namespace, workload.pod_name].filter(Boolean).join("/"))],
              ["Pod id", machine(workload.pod_uid)],
              [
                "Workload",
                workload.workload_name &&
                  machine([workload.workload_kind, workload.workload_name].filter(Boolean).join(" ")),
              ],
              ["Quality of service", workload.qos_class],
              ["systemd unit", machine(workload.unit)],
              ["cgroup", machine(workload.cgroup)],
            ]}
          />
        </Section>
      )}
      {hook && (
        <Section title="Where in the kernel">
          <Facts
            items={[
              ["Function", machine(hook.function_name)],
              ["Policy", machine(hook.policy_name)],
              ["Mechanism", machine(hook.backend)],
              ["Action", machine(hook.action)],
              ["Enforced", hook.enforced && enforcedText(hook.enforced)],
              ["Monitor mode", hook.monitored && "The policy would have stopped this; it only tells."],
              ["Returned", hook.return_value !== undefined && machine(String(hook.return_value))],
              ["CPU", hook.cpu !== undefined && machine(String(hook.cpu))],
            ]}
          />
        </Section>
      )}
      {detail && Object.keys(detail).length > 0 && (
        <Section title="Further facts">
          <Facts items={Object.entries(detail).map(([name, value]) => [name, machine(value)] as const)} />
        </Section>
      )}
      <Section title="Record">
        <Facts
          items={[
            ["Observed", <span class="wrap-lines">{formatExact(event.observed_at)}</span>],
            [
              "Arrived",
              `${formatDuration(Math.max(0, Date.parse(event.ingested_at) - Date.parse(event.observed_at)))} later`,
            ],
            [
              "Number",
              <span class="machine">
                {formatCount(event.seq)} in epoch {event.epoch}
              </span>,
            ],
            [
              "Event id",
              <span class="row">
                <span class="machine cut">{event.event_id}</span>
                <CopyButton text={event.event_id} what="Copy the event id" />
              </span>,
            ],
          ]}
        />
      </Section>
      {event.raw !== null && (
        <Section
          title="Raw line"
          count={event.event.raw_truncated ? "cut to 16,384 characters" : formatBytes(event.raw.length)}
          actions={<CopyButton text={event.raw} what="Copy the raw line" />}
        >
          <pre class="raw machine" tabIndex={0} aria-label="Raw line">
            {prettyJson(event.raw)}
          </pre>
        </Section>
      )}
    </>
  );
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
