import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Lineage } from "../../../core/api/events.ts";
import { api } from "../../api.ts";
import { now } from "../../clock.ts";
import { PageHead } from "../../frame/frame.tsx";
import { bindKeys } from "../../keys.ts";
import { Icon } from "../../parts/icon.tsx";
import { BlindLegend, mergeBlind, type BlindRange } from "../../parts/blind.tsx";
import { ProcessTree } from "../../parts/process-tree.tsx";
import { timeDomain } from "../../parts/time-domain.ts";
import { execChains } from "../../parts/tree-chain.ts";
import { Await, Banner, Empty } from "../../parts/states.tsx";
import { baseName, formatCount, plural } from "../../format.ts";
import { createResource } from "../../resource.ts";
import { query, setQuery, withRange } from "../../router.ts";
import { ProcessPane } from "./process-pane.tsx";

export type LineageOf = { readonly eventId: string } | { readonly sensorId: string; readonly execId: string };

/** The process tree around an event or a process. The chosen process stands in the URL. */
export function LineagePage({ of }: { of: LineageOf }): JSX.Element {
  const [lineage] = useState(() =>
    createResource((abort) =>
      "eventId" in of ? api.eventLineage(of.eventId, abort) : api.processLineage(of.sensorId, of.execId, abort),
    ),
  );
  useEffect(() => {
    lineage.load();
    return lineage.stop;
  }, [lineage]);
  useEffect(
    () =>
      bindKeys([{ keys: "Escape", group: "Lineage", label: "Close the pane", run: () => setQuery({ process: null }) }]),
    [],
  );
  return (
    <Await loaded={lineage.state.value} onRetry={() => lineage.load()} skeleton={undefined}>
      {(data) => <Found of={of} data={data} />}
    </Await>
  );
}

/** Blind ranges of the sensor in the time the tree shows; none while they are not known. */
function useBlind(data: Lineage, nowMs: number): readonly BlindRange[] {
  const [blind, setBlind] = useState<readonly BlindRange[]>([]);
  useEffect(() => {
    const mine = new AbortController();
    const { fromMs, toMs } = timeDomain(data.nodes, data.focus_exec_id, nowMs);
    const [from, to] = [new Date(fromMs).toISOString(), new Date(Math.max(toMs, fromMs + 1)).toISOString()];
    api.losses({ sensor: data.sensor_id, from, to, limit: 200 }, mine.signal).then(
      ({ ranges }) => setBlind(mergeBlind(ranges)),
      // The tree stands without them.
      () => {},
    );
    return () => mine.abort();
  }, [data]);
  return blind;
}

function Found({ of, data }: { of: LineageOf; data: Lineage }): JSX.Element {
  const chosen = query.value.get("process") ?? undefined;
  const byId = useMemo(() => new Map(data.nodes.map((node) => [node.exec_id, node])), [data]);
  const focus = byId.get(data.focus_exec_id);
  const node = chosen === undefined ? undefined : byId.get(chosen);
  const [active, setActive] = useState<string | undefined>(chosen ?? data.focus_exec_id);
  const chains = useMemo(() => execChains(data.nodes), [data]);
  const nowMs = useMemo(() => now.peek(), [data]);
  const blind = useBlind(data, nowMs);
  return (
    <div class={`page page-fill${node ? " page-with-pane" : ""}`}>
      <div class="page-list">
        <PageHead
          title={focus ? `Lineage of ${baseName(focus.binary)}` : "Lineage"}
          note={
            <>
              <a class="node-link" href={`/sensors/${data.sensor_id}`}>
                {data.node_name}
              </a>{" "}
              · {plural(chains.length, "process", "processes")}
            </>
          }
          actions={
            <a
              class="button button-quiet"
              href={
                "eventId" in of
                  ? withRange("/events", { event: of.eventId })
                  : withRange(`/events?sensor_id=${of.sensorId}`, { exec_id: of.execId })
              }
            >
              <Icon name="back" /> {"eventId" in of ? "The event" : "Its events"}
            </a>
          }
        />
        {data.left_out > 0 && (
          <Banner>
            {formatCount(data.left_out)} further processes are left out to keep the tree readable. Open one of its
            processes to see what is around it.
          </Banner>
        )}
        <BlindLegend blind={blind.length > 0} late={false} />
        <div class="panel panel-fill">
          {data.nodes.length === 0 ? (
            <Empty title="Nothing is known of this process">
              Its start was before the sensor watched, and no other event speaks of it.
            </Empty>
          ) : (
            <ProcessTree
              lineage={data}
              active={active}
              nowMs={nowMs}
              blind={blind}
              onActive={(row) => {
                setActive(row.key);
                if (row.members.length === 1) setQuery({ process: row.node.exec_id }, { replace: true });
              }}
            />
          )}
        </div>
      </div>
      {node && (
        <ProcessPane
          key={node.exec_id}
          sensorId={data.sensor_id}
          node={node}
          chain={chains.find((chain) => chain.includes(node)) ?? [node]}
          onClose={() => setQuery({ process: null })}
        />
      )}
    </div>
  );
}
