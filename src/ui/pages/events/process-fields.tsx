import type { JSX } from "preact";
import type { EventDetail } from "../../../core/api/events.ts";
import type { Process } from "../../../core/event/process.ts";
import { baseName, formatDuration, formatExact } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { Entity } from "./entity.tsx";

const machine = (text: string | undefined): JSX.Element | undefined =>
  text ? <span class="machine wrap-anywhere">{text}</span> : undefined;

function users(process: Process): string {
  const own = process.uid === undefined ? "" : `uid ${process.uid}${process.uid === 0 ? " (root)" : ""}`;
  const group = process.gid === undefined ? "" : `gid ${process.gid}`;
  const login = process.auid === undefined ? "" : `login uid ${process.auid}`;
  return [own, group, login].filter(Boolean).join(", ");
}

function ending(process: Process): string {
  if (process.exit_signal) return `killed by ${process.exit_signal}`;
  return process.exit_code === undefined ? "" : `exit code ${process.exit_code}`;
}

/** The process of an event, its command, and where it came from. */
export function ProcessFields({ event, process }: { event: EventDetail; process: Process }): JSX.Element {
  const command = process.argv.map((arg) => (/[\s"'\\]/.test(arg) || arg === "" ? JSON.stringify(arg) : arg)).join(" ");
  const namespaces = Object.entries(process.ns ?? {})
    .map(([name, inode]) => `${name} ${inode}`)
    .join(", ");
  return (
    <Section
      title="Process"
      actions={<a href={`/lineage/process/${event.sensor_id}/${encodeURIComponent(process.exec_id)}`}>Lineage</a>}
    >
      <Facts
        items={[
          [
            "Program",
            <Entity
              kind="process"
              text={process.binary}
              what="this program"
              filter={{ process_executable: process.binary }}
            />,
          ],
          [
            "Command",
            command && (
              <span class="row">
                <span class="machine wrap-anywhere grow">{command}</span>
                <CopyButton text={command} what="Copy the command" />
              </span>
            ),
          ],
          [
            "Process",
            <Entity
              kind="process"
              text={`pid ${process.pid}`}
              what="this process"
              filter={{ exec_id: process.exec_id }}
            />,
          ],
          ["Thread", process.tid !== undefined && process.tid !== process.pid && machine(String(process.tid))],
          ["User", users(process)],
          ["Name", process.comm !== baseName(process.binary).slice(0, 15) && machine(process.comm)],
          ["Directory", machine(process.cwd)],
          [
            "Started",
            process.start_time_us !== undefined &&
              formatExact(new Date(process.start_time_us / 1000).toISOString()).split("\n")[0],
          ],
          ["Lasted", process.duration_us !== undefined && formatDuration(process.duration_us / 1000)],
          ["Ended", ending(process)],
          ["Capabilities", machine(process.cap_effective)],
          ["Flags", machine(process.flags)],
          ["Namespaces", machine(namespaces)],
        ]}
      />
      {(process.ancestors.length > 0 || process.parent_binary) && (
        <ol class="ancestors" aria-label="Ancestors, nearest first">
          {process.ancestors.length === 0 && <li class="machine">{process.parent_binary}</li>}
          {process.ancestors.map((ancestor) => (
            <li key={ancestor.exec_id} class="machine cut" title={`${ancestor.binary} ${ancestor.arguments ?? ""}`}>
              <a href={`/lineage/process/${event.sensor_id}/${encodeURIComponent(ancestor.exec_id)}`}>
                {baseName(ancestor.binary)}
              </a>
              <span class="faint">
                {" "}
                {ancestor.pid} {ancestor.arguments}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
