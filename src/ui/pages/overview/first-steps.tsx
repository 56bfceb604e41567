import type { JSX } from "preact";
import type { TokenSummary } from "../../../core/api/tokens.ts";
import { PageHead } from "../../frame/frame.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Ago } from "../../parts/time.tsx";
import { can } from "../../session.ts";

/** What a fresh console is for, and the one thing to do. `waiting`: a token that no sensor has used yet. */
export function FirstSteps({ waiting }: { waiting: TokenSummary | undefined }): JSX.Element {
  return (
    <div class="first">
      <PageHead title="Watch your first host" />
      <p class="prose quiet">This console is ready. It learns about hosts from sensors, and none is enrolled yet.</p>
      {waiting && (
        <div class="waiting" role="status">
          <span class="spinner" aria-hidden="true" />
          <span class="grow">
            A command was made <Ago at={waiting.created_at} />. Waiting for {waiting.node_name ?? "its sensor"}.
          </span>
        </div>
      )}
      <ol class="steps">
        <li>
          <h2>Make the command</h2>
          <p class="prose quiet">It carries a token that works once, for 15 minutes.</p>
          {can("operator") ? (
            <a class="button button-primary" href="/sensors?deploy=1">
              <Icon name="plus" /> Deploy a sensor
            </a>
          ) : (
            <p class="prose">Ask an operator or administrator to deploy the first sensor.</p>
          )}
        </li>
        <li>
          <h2>Paste it on a Linux host, as root</h2>
          <p class="prose quiet">
            The sensor comes from this console; nothing is fetched from the internet. Kernels without kprobes work too:
            the sensor's page says what can be seen there.
          </p>
        </li>
        <li>
          <h2>See what happens</h2>
          <p class="prose quiet">
            The host appears under Sensors within seconds, and programs, files and connections under Investigate.
          </p>
        </li>
      </ol>
    </div>
  );
}
