import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { HEALTH_ORDER } from "../../words.ts";
import { ApiFailure } from "../../api.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { BarList, EntityChip, Token } from "../../parts/chip.tsx";
import { ConfirmBody } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Choice, Field, Segments } from "../../parts/field.tsx";
import { Histogram } from "../../parts/histogram.tsx";
import { HealthMark, HealthReasons, SeverityMark } from "../../parts/marks.tsx";
import { Menu } from "../../parts/menu.tsx";
import { Facts, Section } from "../../parts/pane.tsx";
import { explainFilter } from "../../parts/query-explain.ts";
import { QueryBar } from "../../parts/query-bar.tsx";
import { Meter } from "../../parts/meter.tsx";
import { Banner, Empty, Failure, Skeleton } from "../../parts/states.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { Ago, Moment, When } from "../../parts/time.tsx";
import { SEVERITIES } from "../../../core/event/severity.ts";
import { SAMPLE_AT, sampleHistogram } from "./samples.ts";
import { TablePart, TreePart } from "./big-parts.tsx";

const LIMITED = new ApiFailure(
  429,
  { code: "rate_limited", message: "Too many requests: 300 a minute are allowed.", request_id: "01j9w4k8" },
  60,
);
const FAILURE = new ApiFailure(503, {
  code: "unavailable",
  message: "The event store doesn't answer.",
  hint: "Sensors keep their events meanwhile.",
  request_id: "01j9w4k7",
});

function Part({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <Section title={title}>
      <div class="row row-wrap">{children}</div>
    </Section>
  );
}

/** Every part in all its states; in development builds only. */
export function PartsPage(): JSX.Element {
  return (
    <div class="page page-scroll">
      <PageHead title="Parts" />
      <div class="parts stack stack-6">
        <Controls />
        <Marks />
        <Section title="Query bar">
          <QueryBar
            onFilter={() => {}}
            onRemoveLast={() => {}}
            seen={{ node: ["db-17"] }}
            explain={explainFilter}
            initial="kind:nonsense node:db-17 curl"
          >
            <Token field="severity" value="High" onRemove={() => {}} />
          </QueryBar>
        </Section>
        <Section title="Histogram, with blind ranges">
          <Histogram data={sampleHistogram(60)} onSelect={() => {}} />
        </Section>
        <Section title="Histogram, empty">
          <Histogram data={sampleHistogram(0)} />
        </Section>
        <TreePart />
        <TablePart />
        <Says />
      </div>
    </div>
  );
}

function Controls(): JSX.Element {
  const [text, setText] = useState("");
  const [choice, setChoice] = useState("a");
  const options = [
    { value: "a", label: "First" },
    { value: "b", label: "Second" },
  ];
  return (
    <>
      <Part title="Buttons">
        <Button kind="primary" icon="plus">
          Primary
        </Button>
        <Button>Plain</Button>
        <Button kind="quiet">Quiet</Button>
        <Button kind="danger">Revoke</Button>
        <Button disabled>Disabled</Button>
        <Button busy>Busy…</Button>
        <Button keys="n">With a key</Button>
        <IconButton icon="more" label="More" onClick={() => {}} />
        <CopyButton text="text" what="Copy the text" words="Copy" />
        <Menu
          label="Menu"
          button="Menu"
          items={[
            { heading: "Heading" },
            { label: "Item" },
            { label: "Chosen", checked: true },
            "line",
            { label: "Dangerous", danger: true },
            { label: "Not now", disabled: true },
          ]}
        />
      </Part>
      <Part title="Fields">
        <Field label="Name" value={text} onInput={setText} hint="A hint." />
        <Field label="Wrong" value="db 17" onInput={() => {}} error="A node name has no spaces." machine />
        <Choice label="Choice" value={choice} options={options} onChange={setChoice} />
        <Segments label="Segments" value={choice} options={options} onChange={setChoice} />
      </Part>
      <Part title="Confirm">
        <div class="panel dialog-body">
          <ConfirmBody
            question={{
              title: "",
              what: "Its certificate is refused from now on.",
              undo: "This can't be undone.",
              verb: "Revoke db-17",
              typed: "db-17",
            }}
            answer={() => {}}
          />
        </div>
      </Part>
    </>
  );
}

function Marks(): JSX.Element {
  return (
    <>
      <Part title="Severity">
        {SEVERITIES.map((severity) => (
          <SeverityMark key={severity} severity={severity} />
        ))}
      </Part>
      <Part title="Health">
        {HEALTH_ORDER.map((state) => (
          <HealthMark key={state} state={state} />
        ))}
      </Part>
      <Section title="Health reasons">
        <HealthReasons
          reasons={[
            {
              code: "a",
              state: "degraded",
              message: "It hasn't been heard from for 4 min.",
              action: "Check its network, or wait: events are kept on the node.",
            },
            { code: "b", state: "watch", message: "Its certificate expires in 6 days.", action: "It renews itself." },
          ]}
        />
      </Section>
      <Part title="Entities, tokens, times">
        <EntityChip kind="process" text="/usr/bin/curl" menu={[{ label: "Same process" }]} />
        <EntityChip kind="file" text="/etc/shadow" menu={[{ label: "Same file" }]} />
        <EntityChip kind="network" text="93.184.216.34:443" menu={[{ label: "Same address" }]} />
        <Token field="node" value="db-17" onRemove={() => {}} />
        <Ago at={SAMPLE_AT} />
        <Ago at={null} />
        <Moment at={SAMPLE_AT} millis />
        <When at={SAMPLE_AT} />
        <When at={null} />
        <kbd>Ctrl K</kbd>
      </Part>
      <Section title="Facts">
        <Facts
          items={[
            ["Path", <span class="machine">/etc/shadow</span>],
            ["Left out", ""],
            ["User", "uid 0 (root)"],
          ]}
        />
      </Section>
      <Section title="Meters">
        <div class="stack">
          <Meter label="Sensors that are done" words="31 of 34" value={31} of={34} />
          <Meter label="Disk, nearly full" words="92 %" value={92} of={100} tone="warning" />
          <Meter label="Disk, full" words="100 %" value={100} of={100} tone="critical" />
          <Meter label="Nothing yet" words="none" value={0} of={0} />
        </div>
      </Section>
      <Section title="Bars">
        <BarList
          label="Kinds"
          items={[
            { key: "a", label: "Process started", value: 1200, href: "#" },
            { key: "b", label: "Watched file opened for writing", value: 3, href: "#" },
          ]}
        />
      </Section>
    </>
  );
}

function Says(): JSX.Element {
  return (
    <>
      <Section title="Banners">
        <Banner>In words of the user's world.</Banner>
        <Banner tone="warning" action={<Button kind="quiet">Try again</Button>}>
          <strong>No new data since 14:02:11.</strong> The event store doesn't answer.
        </Banner>
        <Banner tone="critical">Email and password don't match an account.</Banner>
      </Section>
      <Part title="Toasts">
        <Button onClick={() => toastDone("db-17 disabled.")}>Done</Button>
        <Button onClick={() => toastFailed("db-17 was not disabled.", FAILURE)}>Failed</Button>
      </Part>
      <Section title="Loading">
        <Skeleton rows={3} />
      </Section>
      <Section title="Empty">
        <Empty title="No sensors yet" action={<Button kind="primary">Deploy the first sensor</Button>}>
          A sensor is one file on a Linux host.
        </Empty>
      </Section>
      <Section title="Refused for a while">
        <Failure failure={LIMITED} onRetry={() => {}} />
      </Section>
      <Section title="Failed">
        <Failure failure={FAILURE} onRetry={() => {}} />
      </Section>
    </>
  );
}
