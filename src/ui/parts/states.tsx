import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ApiFailure } from "../api.ts";
import { second } from "../clock.ts";
import type { Loaded } from "../resource.ts";
import { formatClock } from "../format.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** An empty place that teaches: what will appear here, and what makes it appear. */
export function Empty(props: { title: string; children?: ComponentChildren; action?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{props.title}</h2>
      {props.children && <div class="prose quiet">{props.children}</div>}
      {props.action && <div class="row row-wrap empty-action">{props.action}</div>}
    </div>
  );
}

/** Tries again by itself when the Console said when; what is to be said of it meanwhile, undefined without. */
function useRetry(failure: ApiFailure | undefined, onRetry: (() => void) | undefined): string | undefined {
  const secs = onRetry && failure?.retryAfterSecs;
  const atMs = useMemo(() => Date.now() + (secs ?? 0) * 1000, [failure]);
  useEffect(() => {
    if (!secs || !onRetry) return;
    const timer = setTimeout(onRetry, secs * 1000);
    return () => clearTimeout(timer);
  }, [failure]);
  return secs ? `Trying again by itself in ${Math.max(1, Math.ceil((atMs - second.value) / 1000))} s.` : undefined;
}

/** What went wrong, what it means, what to do. */
export function Failure({
  failure,
  onRetry,
}: {
  failure: ApiFailure;
  onRetry?: (() => void) | undefined;
}): JSX.Element {
  const retry = useRetry(failure, onRetry);
  return (
    <div class="empty" role="alert">
      <h2>{failure.message}</h2>
      {/* Of one that is tried again by itself the hint would only say how long that takes. */}
      {(failure.hint ?? retry) && (
        <p class="prose quiet" aria-live="off">
          {failure.code === "rate_limited" && retry ? RATE_HINT : failure.hint} {retry}
        </p>
      )}
      <div class="row row-wrap empty-action">
        {onRetry && <Button onClick={onRetry}>{retry ? "Try now" : "Try again"}</Button>}
        {failure.requestId && <span class="machine faint">Request {failure.requestId}</span>}
      </div>
    </div>
  );
}

const RATE_HINT = "The limit is for all your windows and scripts together; close some, or wait.";

/** After it a wait is said to be one. */
const LATE_MS = 6_000;

/** Grey bars in the shape of what will come; of what does not come soon it is said. */
export function Skeleton({ rows = 8, height = 32 }: { rows?: number; height?: number }): JSX.Element {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} class="skeleton-row" style={{ height: `${height}px` }}>
          <span style={{ width: `${12 + ((i * 7) % 9)}%` }} />
          <span style={{ width: `${34 + ((i * 13) % 23)}%` }} />
          <span style={{ width: `${8 + ((i * 5) % 7)}%` }} />
        </div>
      ))}
      {late && <p class="skeleton-late faint">Still waiting for the Console's answer.</p>}
    </div>
  );
}

/** What the system says. */
export function Banner(props: {
  tone?: "info" | "warning" | "critical";
  children: ComponentChildren;
  action?: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`banner banner-${props.tone ?? "info"}`} role="status">
      <Icon name={props.tone === "info" || props.tone === undefined ? "clock" : "warning"} />
      <div class="grow">{props.children}</div>
      {props.action}
    </div>
  );
}

/** Over data that could not be refreshed: since when it stands still, and why. */
export function StaleBanner<T>({ loaded, onRetry }: { loaded: Loaded<T>; onRetry: () => void }): JSX.Element | null {
  const retry = useRetry(loaded.data === undefined ? undefined : loaded.failure, onRetry);
  if (!loaded.failure || loaded.data === undefined) return null;
  return (
    <Banner
      tone="warning"
      action={
        <Button kind="quiet" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      <strong>No new data since {formatClock(loaded.atMs)}.</strong> {loaded.failure.message} What you see is what was
      known then. {retry}
    </Banner>
  );
}

/** Shows the data, or the skeleton, or the failure: whichever it is time for. */
export function Await<T>(props: {
  loaded: Loaded<T>;
  onRetry: () => void;
  skeleton?: ComponentChildren;
  children: (data: T) => ComponentChildren;
}): JSX.Element {
  const { loaded } = props;
  if (loaded.data !== undefined)
    return (
      <>
        <StaleBanner loaded={loaded} onRetry={props.onRetry} />
        {props.children(loaded.data)}
      </>
    );
  if (loaded.failure) return <Failure failure={loaded.failure} onRetry={props.onRetry} />;
  return <>{props.skeleton ?? <Skeleton />}</>;
}
