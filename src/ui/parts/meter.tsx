import type { JSX } from "preact";

/** How much of a whole is there or done, as a bar; `words` say it, for those who do not see it. */
export function Meter(props: {
  label: string;
  words: string;
  value: number;
  of: number;
  tone?: "plain" | "warning" | "critical";
}): JSX.Element {
  const percent = props.of > 0 ? Math.max(0, Math.min(100, (props.value / props.of) * 100)) : 0;
  return (
    <div
      class={`meter meter-${props.tone ?? "plain"}`}
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={props.words}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}
