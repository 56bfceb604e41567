import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { PRESETS, rangeBounds, rangeLabel, setTimeRange, timeRange } from "../time-range.ts";
import { Button } from "./button.tsx";
import { Field } from "./field.tsx";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

function toInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** The page's one time range: presets, or two exact times. It lives in the URL. */
export function RangePicker(): JSX.Element {
  const range = timeRange.value;
  const label = rangeLabel(range, now.value);
  return (
    <Menu
      label={`Time range: ${label}`}
      align="right"
      buttonClass="button button-plain range-button"
      button={
        <>
          <Icon name="clock" />
          <span class="cut">{label}</span>
          <Icon name="chevronDown" size={12} />
        </>
      }
      items={[
        ...PRESETS.map((preset) => ({
          label: preset.label,
          checked: "since" in range && range.since === preset.since,
          onSelect: () => setTimeRange({ since: preset.since }),
        })),
        "line" as const,
      ]}
    >
      <ExactRange key={label} />
    </Menu>
  );
}

function ExactRange(): JSX.Element {
  const bounds = rangeBounds(timeRange.value, now.peek());
  const [from, setFrom] = useState(toInput(bounds.fromMs));
  const [to, setTo] = useState(toInput(bounds.toMs));
  const fromMs = Date.parse(from);
  const toMs = Date.parse(to);
  const wrong = fromMs < toMs ? undefined : "The end must be after the start.";
  return (
    <form
      class="range-exact"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) setTimeRange({ fromMs, toMs });
      }}
    >
      <Field label="From" type="datetime-local" value={from} onInput={setFrom} />
      <Field label="To" type="datetime-local" value={to} onInput={setTo} error={wrong} />
      <Button type="submit" disabled={wrong !== undefined}>
        Use these times
      </Button>
    </form>
  );
}
