import type { JSX } from "preact";
import type { SensorDetail } from "../../../core/api/sensors.ts";
import { formatBytes, formatCount, plural } from "../../format.ts";
import { Facts } from "../../parts/pane.tsx";

type Pipeline = NonNullable<SensorDetail["pipeline"]>;

interface Stage {
  readonly name: string;
  readonly count: number;
  /** What did not go on from here; those of tone "note" are no loss. */
  readonly leaves: readonly {
    readonly text: string;
    readonly count: number;
    readonly tone: "loss" | "note";
    readonly title: string;
  }[];
}

/** The stages of an event's way, with every place where one can be lost; pure. */
export function pipelineStages(p: Pipeline, rejected: number): readonly Stage[] {
  return [
    {
      name: "Kernel",
      count: p.lines_read + p.kernel_lost,
      leaves: [
        {
          text: "lost in the kernel",
          count: p.kernel_lost,
          tone: "loss",
          title: "The kernel's buffer was full before the engine could read.",
        },
      ],
    },
    {
      name: "Read",
      count: p.lines_read,
      leaves: [
        {
          text: "malformed",
          count: p.lines_malformed,
          tone: "loss",
          title: "Lines of the engine that could not be read.",
        },
        {
          text: "of unknown kind",
          count: p.lines_unknown,
          tone: "loss",
          title: "Lines of a kind this sensor does not know.",
        },
      ],
    },
    {
      name: "Understood",
      count: p.events_normalized,
      leaves: [
        {
          text: "folded into bursts",
          count: p.events_folded,
          tone: "note",
          title: "Equal events within a second, kept as one with a count: no loss.",
        },
      ],
    },
    {
      name: "Spooled",
      count: p.events_spooled,
      leaves: [
        {
          text: "dropped, spool full",
          count: p.spool_dropped,
          tone: "loss",
          title: "The spool on the node was full; the oldest went.",
        },
        {
          text: "damaged on disk",
          count: p.spool_corrupt,
          tone: "loss",
          title: "Records whose checksum did not match.",
        },
      ],
    },
    {
      name: "Sent",
      count: p.events_sent,
      leaves: [
        {
          text: "refused",
          count: Math.max(p.events_rejected, rejected),
          tone: "loss",
          title: "The Console could not take them; the reasons are in the sensor's log.",
        },
      ],
    },
    { name: "Stored", count: p.events_acked, leaves: [] },
  ];
}

/** What waits on the node, and how its connection and its sequences fare; only of what there is something to say. Pure. */
export function pipelineNotes(p: Pipeline): readonly (readonly [string, string | false])[] {
  const alerts = p.alert_depth;
  const waiting =
    alerts === undefined || alerts === 0
      ? plural(p.spool_depth, "event")
      : `${plural(alerts, "alert")} and ${plural(Math.max(0, p.spool_depth - alerts), "other event")}`;
  const [older, renewed] = [p.backlogs ?? 0, p.epochs_renewed ?? 0];
  return [
    ["Waits on the node", p.spool_depth === 0 ? "nothing" : `${waiting} (${formatBytes(p.spool_bytes)})`],
    ["Older queues", older > 0 && `${formatCount(older)} from before, still to be delivered`],
    ["Engine's output", p.tail_lag_bytes > 0 && `${formatBytes(p.tail_lag_bytes)} still to be read`],
    ["Stream", p.reconnects > 0 && `opened anew ${plural(p.reconnects, "time")}`],
    ["Heartbeats", p.heartbeat_failures > 0 && `${formatCount(p.heartbeat_failures)} failed`],
    [
      "Sequences",
      renewed > 0 &&
        `${formatCount(renewed)} begun anew: another sensor used the numbers. Look for a copy of this node.`,
    ],
  ];
}

/** Events from the kernel to the Console's store, and what fell out on the way. */
export function PipelineFlow({ pipeline, rejected }: { pipeline: Pipeline; rejected: number }): JSX.Element {
  const stages = pipelineStages(pipeline, rejected);
  return (
    <div class="flow-box">
      <ol class="flow">
        {stages.map((stage) => (
          <li key={stage.name}>
            <div class="flow-name">{stage.name}</div>
            <div class="flow-count">{formatCount(stage.count)}</div>
            <ul>
              {stage.leaves.map((leave) => (
                <li
                  key={leave.text}
                  title={leave.title}
                  class={leave.count === 0 ? "faint" : leave.tone === "loss" ? "tone-warning" : "quiet"}
                >
                  {formatCount(leave.count)} {leave.text}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      <Facts items={pipelineNotes(pipeline)} />
    </div>
  );
}
