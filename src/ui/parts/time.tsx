import type { JSX } from "preact";
import { now } from "../clock.ts";
import { formatAgo, formatDate, formatExact, formatMoment } from "../format.ts";

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

/** The date and how long ago or until then, for what is looked up rather than scanned; both zones on hover. */
export function When({ at, never = "never" }: { at: string | null; never?: string }): JSX.Element {
  if (at === null) return <span class="faint">{never}</span>;
  const ms = Date.parse(at);
  return (
    <time class="when" dateTime={at} title={formatExact(at)}>
      {formatDate(ms, now.value)}
      <span class="faint">, {formatAgo(ms, now.value)}</span>
    </time>
  );
}
