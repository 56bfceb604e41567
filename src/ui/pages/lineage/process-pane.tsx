import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EventRow, LineageNode } from "../../../core/api/events.ts";
import { api } from "../../api.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Icon } from "../../parts/icon.tsx";
import { SeverityMark } from "../../parts/marks.tsx";
import { Facts, Pane, Section } from "../../parts/pane.tsx";
import { Await, Skeleton } from "../../parts/states.tsx";
import { Moment } from "../../parts/time.tsx";
import { baseName, exactMs, formatCount, formatDuration, formatExact } from "../../format.ts";
import { createResource } from "../../resource.ts";
import { setQuery, withRange } from "../../router.ts";
import { shortMessage } from "../events/columns.tsx";

function ending(node: LineageNode, isReplaced: boolean): string {
  if (node.exit_signal) return `killed by ${node.exit_signal}`;
  if (node.exit_code !== null) return `exit code ${node.exit_code}`;
  if (isReplaced) return "replaced by the next program";
  return node.ended_at === null ? "still running, as far as is known" : "";
}

/** What one process of the tree was and did. */
export function ProcessPane(props: {
  sensorId: string;
  node: LineageNode;
  /** Every program this process was, oldest first. */
  chain: readonly LineageNode[];
  onClose: () => void;
}): JSX.Element {
  const { sensorId, node, chain } = props;
  const at = chain.indexOf(node);
  const [activity] = useState(() => createResource((abort) => api.processActivity(sensorId, node.exec_id, abort)));
  useEffect(() => {
    activity.load();
    return activity.stop;
  }, [activity]);
  const exact = (text: string | null): string | false => text !== null && (formatExact(text).split("\n")[0] ?? "");
  const lasted =
    node.started_at && node.ended_at ? formatDuration(exactMs(node.ended_at) - exactMs(node.started_at)) : "";
  return (
    <Pane
      label="Process"
      subject={node.exec_id}
      onClose={props.onClose}
      title={<h2 class="machine cut">{baseName(node.binary)}</h2>}
    >
      <Section title="Process">
        {node.inferred && <p class="quiet">Known from its children only: it began before the sensor watched.</p>}
        <Facts
          items={[
            ["Program", <span class="machine wrap-anywhere">{node.binary}</span>],
            [
              "Arguments",
              node.arguments && (
                <span class="row">
                  <span class="machine wrap-anywhere grow">{node.arguments}</span>
                  <CopyButton text={`${node.binary} ${node.arguments}`} what="Copy the command" />
                </span>
              ),
            ],
            ["Was before", at > 0 && <Programs nodes={chain.slice(0, at)} />],
            ["Became", at >= 0 && at < chain.length - 1 && <Programs nodes={chain.slice(at + 1)} />],
            ["Process", node.pid > 0 && <span class="machine">{node.pid}</span>],
            [
              "User",
              node.uid !== null && (
                <span class="machine">
                  uid {node.uid}
                  {node.uid === 0 ? " (root)" : ""}
                </span>
              ),
            ],
            ["Container", node.container_id && <span class="machine">{node.container_id.slice(0, 12)}</span>],
            ["Started", exact(node.started_at)],
            [
              "Ended",
              [exact(node.ended_at) || "", ending(node, at >= 0 && at < chain.length - 1)].filter(Boolean).join(", "),
            ],
            ["Lasted", lasted],
            ["Children", formatCount(node.children_total)],
          ]}
        />
        <div class="row row-wrap">
          <a class="button button-plain" href={withRange(`/events?sensor_id=${sensorId}`, { exec_id: node.exec_id })}>
            <Icon name="search" /> Its events
          </a>
          <a class="button button-plain" href={`/lineage/process/${sensorId}/${encodeURIComponent(node.exec_id)}`}>
            <Icon name="tree" /> Centre the tree here
          </a>
        </div>
      </Section>
      <Await loaded={activity.state.value} onRetry={() => activity.load()} skeleton={<Skeleton rows={6} />}>
        {(data) => (
          <>
            <Activity title="Connections and names" rows={data.connections} />
            <Activity title="Files" rows={data.files} />
            <Activity title="Everything else" rows={data.other} />
            {data.connections.length + data.files.length + data.other.length === 0 && (
              <p class="calm">No events of its own are stored.</p>
            )}
          </>
        )}
      </Await>
    </Pane>
  );
}

function Programs({ nodes }: { nodes: readonly LineageNode[] }): JSX.Element {
  return (
    <ul>
      {nodes.map((node) => (
        <li key={node.exec_id} class="cut">
          <button
            type="button"
            class="link machine"
            title={`${node.binary} ${node.arguments}`}
            onClick={() => setQuery({ process: node.exec_id }, { replace: true })}
          >
            {baseName(node.binary)}
          </button>{" "}
          <span class="machine faint">{node.arguments}</span>
        </li>
      ))}
    </ul>
  );
}

function Activity({ title, rows }: { title: string; rows: readonly EventRow[] }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <Section title={title} count={formatCount(rows.length)}>
      <ul class="activity">
        {rows.map((row) => (
          <li key={row.event_id}>
            <a href={`/events/${encodeURIComponent(row.event_id)}`} title={row.message}>
              <SeverityMark severity={row.severity} short />
              <Moment at={row.observed_at} millis />
              <span class="cut grow">{shortMessage(row.message)}</span>
            </a>
          </li>
        ))}
      </ul>
    </Section>
  );
}
