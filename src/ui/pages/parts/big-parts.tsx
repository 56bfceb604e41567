import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Section } from "../../parts/pane.tsx";
import { ProcessTree } from "../../parts/process-tree.tsx";
import { Table } from "../../parts/table.tsx";
import { EVENT_COLUMNS, narrowEvent } from "../events/columns.tsx";
import { SAMPLE_AT, sampleLineage, sampleRows } from "./samples.ts";

export function TreePart(): JSX.Element {
  const lineage = useMemo(sampleLineage, []);
  const [active, setActive] = useState<string | undefined>("c");
  return (
    <Section title="Process tree">
      <div class="panel panel-fill parts-tall">
        <ProcessTree
          lineage={lineage}
          active={active}
          onActive={(row) => setActive(row.key)}
          nowMs={Date.parse(SAMPLE_AT)}
        />
      </div>
    </Section>
  );
}

export function TablePart(): JSX.Element {
  const rows = useMemo(sampleRows, []);
  const [active, setActive] = useState<string | undefined>("e3");
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set(["e1"]));
  return (
    <Section title="Table" count="10,000 rows">
      <div class="panel panel-fill parts-tall">
        <Table
          label="Sample"
          rows={rows}
          columns={EVENT_COLUMNS}
          rowKey={(row) => row.event_id}
          narrow={narrowEvent}
          active={active}
          onActive={setActive}
          checked={checked}
          onChecked={setChecked}
        />
      </div>
    </Section>
  );
}
