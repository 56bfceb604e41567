import type { JSX } from "preact";
import type { HealthReason, HealthState } from "../../core/api/sensors.ts";
import type { Severity } from "../../core/event/severity.ts";
import { HEALTH_WORDS, sentence } from "../words.ts";

/** A colour is never alone: each meaning has its own shape as well. */
const SHAPES = {
  dot: <circle cx="5" cy="5" r="4" />,
  triangle: <path d="M5 .8 9.6 9.2H.4z" />,
  square: <rect x="1" y="1" width="8" height="8" rx="1" />,
  octagon: (
    <>
      <path d="M3.1.2h3.8l2.9 2.9v3.8L6.9 9.8H3.1L.2 6.9V3.1z" />
      <path d="M2.8 5h4.4" class="mark-cut" />
    </>
  ),
  ring: <circle cx="5" cy="5" r="3.2" class="mark-ring" />,
} as const;
type Shape = keyof typeof SHAPES;

const SEVERITY_SHAPE: Readonly<Record<Severity, Shape>> = {
  info: "dot",
  warning: "triangle",
  high: "square",
  critical: "octagon",
};
const HEALTH_SHAPE: Readonly<Record<HealthState, Shape>> = {
  healthy: "dot",
  watch: "triangle",
  degraded: "square",
  critical: "octagon",
  offline: "ring",
};
const HEALTH_TONE: Readonly<Record<HealthState, string>> = {
  healthy: "healthy",
  watch: "watch",
  degraded: "warning",
  critical: "critical",
  offline: "offline",
};

function Mark({ shape, tone }: { shape: Shape; tone: string }): JSX.Element {
  return (
    <svg class={`mark fill-${tone}`} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {SHAPES[shape]}
    </svg>
  );
}

/** Shape, word and colour of a severity. With `short` the word is for screen readers and the hover only. */
export function SeverityMark({ severity, short = false }: { severity: Severity; short?: boolean }): JSX.Element {
  return (
    <span class={`badge tone-${severity}`} title={short ? sentence(severity) : undefined}>
      <Mark shape={SEVERITY_SHAPE[severity]} tone={severity} />
      <span class={short ? "visually-hidden" : ""}>{sentence(severity)}</span>
    </span>
  );
}

/** Shape, word and colour of a sensor's health. */
export function HealthMark({ state, short = false }: { state: HealthState; short?: boolean }): JSX.Element {
  return (
    <span class={`badge tone-${HEALTH_TONE[state]}`} title={short ? HEALTH_WORDS[state] : undefined}>
      <Mark shape={HEALTH_SHAPE[state]} tone={HEALTH_TONE[state]} />
      <span class={short ? "visually-hidden" : ""}>{HEALTH_WORDS[state]}</span>
    </span>
  );
}

/** Any state in words, with the shape and colour of a health state. */
export function StateMark({ tone, children }: { tone: HealthState; children: string }): JSX.Element {
  return (
    <span class={`badge tone-${HEALTH_TONE[tone]}`}>
      <Mark shape={HEALTH_SHAPE[tone]} tone={HEALTH_TONE[tone]} />
      <span>{children}</span>
    </span>
  );
}

/** Why the health is what it is: always a sentence and what to do. */
export function HealthReasons({ reasons }: { reasons: readonly HealthReason[] }): JSX.Element {
  return (
    <ul class="reasons">
      {reasons.map((reason) => (
        <li key={reason.code + reason.message}>
          <HealthMark state={reason.state} short />
          <div>
            <p class="reason-what">{reason.message}</p>
            <p class="quiet">
              {reason.action}
              {reason.href !== undefined && (
                <>
                  {" "}
                  <a class="inline-link" href={reason.href}>
                    Show them
                  </a>
                </>
              )}
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
