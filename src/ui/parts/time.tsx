import type { JSX } from "preact";
import { now } from "../clock.ts";
import { formatAgo, formatExact, formatMoment } from "../format.ts";

/** How long ago, with the exact time in both zones on hover. */
export function Ago({ at, never = "never" }: { at: string | null; never?: string }): JSX.Element {
  if (at === null) return <span class="faint">{never}</span>;
  return (
    <time dateTime={at} title={formatExact(at)}>
      {formatAgo(Date.parse(at), now.value)}
    </time>
  );
}

/** Clock time in the viewer's zone, with how long ago and UTC on hover. */
export function Moment({ at, millis = false }: { at: string; millis?: boolean }): JSX.Element {
  const ms = Date.parse(at);
  return (
    <time class="machine" dateTime={at} title={`${formatAgo(ms, now.value)}\n${formatExact(at)}`}>
      {formatMoment(ms, now.value, millis)}
    </time>
  );
}
