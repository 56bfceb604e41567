import type { ComponentChildren, JSX } from "preact";
import { second } from "../../clock.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Icon } from "../../parts/icon.tsx";
import { can, me, setUpAtMs } from "../../session.ts";
import type { ArrivalPhase } from "./arrival-phase.ts";
import { FirstSteps } from "./first-steps.tsx";

type Step = "done" | "now" | "next";

/** The first minute: what has happened, what is happening right now, and what comes next. */
export function Arrival({ phase }: { phase: ArrivalPhase }): JSX.Element {
  if (phase.at === "steps") return <FirstSteps waiting={phase.waiting} />;
  const joined = phase.at === "joined";
  const sinceSecs = joined ? Math.max(0, Math.round((second.value - Date.parse(phase.sensor.enrolled_at)) / 1000)) : 0;
  return (
    <div class="first">
      <PageHead title={joined ? `${phase.sensor.node_name} has joined` : "Welcome to Telovix"} />
      <ol class="arrival" aria-live="polite">
        <Line step="done" title="The console is set up">
          {setUpAtMs.value > 0
            ? `${me.value?.name} is the first administrator of ${me.value?.tenant_name}.`
            : `It serves ${me.value?.tenant_name}.`}
        </Line>
        <Line
          step={joined ? "done" : "now"}
          title={
            joined
              ? `${phase.sensor.node_name} is enrolled`
              : phase.at === "joining"
                ? "The sensor of this host is joining"
                : "Looking for sensors"
          }
        >
          {joined
            ? "It has its own certificate and keeps its events until this console has stored them."
            : phase.at === "joining"
              ? "It makes a key of its own and asks this console for a certificate."
              : "What reports to this console appears here by itself."}
        </Line>
        <Line step={joined ? "now" : "next"} title="First events">
          {!joined
            ? "Programs, files and connections, straight from the kernel."
            : sinceSecs < 20
              ? "Its engine is attaching to the kernel. This takes a few seconds."
              : "This takes longer than usual: the sensor's page says how its engine stands."}
        </Line>
      </ol>
      <p class="row row-wrap">
        {joined && (
          <a class="button button-plain" href={`/sensors/${phase.sensor.sensor_id}`}>
            <Icon name="sensors" /> Its page
          </a>
        )}
        {can("operator") && (
          <a class="button button-quiet" href="/sensors?deploy=1">
            <Icon name="plus" /> Deploy on another host
          </a>
        )}
      </p>
    </div>
  );
}

function Line(props: { step: Step; title: string; children: ComponentChildren }): JSX.Element {
  return (
    <li class={`arrival-${props.step}`} aria-current={props.step === "now" ? "step" : undefined}>
      <span class="arrival-mark" aria-hidden="true">
        {props.step === "done" ? <Icon name="check" /> : props.step === "now" ? <span class="spinner" /> : null}
      </span>
      <div>
        <h2>{props.title}</h2>
        <p class="prose quiet">{props.children}</p>
      </div>
    </li>
  );
}
