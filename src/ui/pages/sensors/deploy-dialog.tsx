import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CreatedToken, TokenSummary } from "../../../core/api/tokens.ts";
import { second } from "../../clock.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Choice, Field, Segments } from "../../parts/field.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Banner } from "../../parts/states.tsx";
import { DECLARED_ROLES, roleName } from "../../words.ts";
import { createDeployState, type DeployState } from "./deploy-state.ts";
import { TokenList } from "./token-list.tsx";

/** Makes a token, shows the one line to paste, and waits for the sensor to come in. */
export function DeployDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [state] = useState(createDeployState);
  useEffect(() => state.start(), [state]);
  const created = state.created.value;
  return (
    <Dialog title="Deploy a sensor" onClose={onClose} wide>
      <div class="stack stack-4">
        {created ? (
          <Paste
            created={created}
            own={state.own.value}
            reports={Boolean(state.arrived.state.value.data?.last_seen_at)}
            again={() => (state.created.value = undefined)}
            onClose={onClose}
          />
        ) : (
          <Form state={state} />
        )}
        <TokenList state={state} />
      </div>
    </Dialog>
  );
}

function Form({ state }: { state: DeployState }): JSX.Element {
  const failure = state.failure.value;
  return (
    <form
      class="stack stack-4"
      onSubmit={(event) => {
        event.preventDefault();
        void state.create();
      }}
    >
      <div class="form-grid">
        <Field
          label="Node name"
          value={state.nodeName.value}
          onInput={(value) => (state.nodeName.value = value)}
          placeholder="the host's own name"
          hint="Leave empty to take the host's name."
          error={failure?.pointer === "/node_name" ? failure.message : undefined}
          maxLength={253}
          machine
          autofocus
        />
        <Choice
          label="Role"
          value={state.role.value}
          onChange={(value) => (state.role.value = value)}
          options={DECLARED_ROLES.map((value) => ({ value, label: roleName(value) }))}
          hint="What the host does; you filter by it later."
        />
      </div>
      <div class="field">
        <span class="label">Flavour</span>
        <Segments
          label="Flavour"
          value={state.flavor.value}
          onChange={(value) => (state.flavor.value = value === "telecom" ? "telecom" : "standard")}
          options={[
            { value: "standard", label: "Standard" },
            { value: "telecom", label: "Telecom" },
          ]}
        />
      </div>
      {failure && failure.pointer !== "/node_name" && (
        <Banner tone="critical">
          {failure.message} {failure.hint}
        </Banner>
      )}
      <div class="row">
        <Button type="submit" kind="primary" busy={state.busy.value}>
          Make the command
        </Button>
        <span class="faint">It works once, for 15 minutes.</span>
      </div>
    </form>
  );
}

function Paste(props: {
  created: CreatedToken;
  own: TokenSummary | undefined;
  reports: boolean;
  again: () => void;
  onClose: () => void;
}): JSX.Element {
  const { created, own } = props;
  const leftMs = Date.parse(created.expires_at) - second.value;
  const used = own?.status === "used";
  const over = !used && (leftMs <= 0 || own?.status === "expired" || own?.status === "revoked");
  return (
    <div class="stack stack-4">
      <div class="stack">
        <p class="prose">Paste this on the node, as root:</p>
        <Command text={created.install_command} what="Copy the command" off={over || used} />
      </div>
      <details class="manual">
        <summary>The node can't reach this console with curl</summary>
        <p class="prose quiet">
          Copy the file <span class="machine">telovix</span> to the node by hand, then run there, as root:
        </p>
        <Command text={created.manual_command} what="Copy the command for by-hand deployment" off={over || used} />
        <p class="faint">
          Console <span class="machine">{created.console_url}</span>, key{" "}
          <span class="machine wrap-anywhere">{created.pinned_public_key}</span>
        </p>
      </details>
      {used ? (
        <div class="waiting waiting-done" role="status">
          <StateMark tone="healthy">{props.reports ? "Reporting" : "Enrolled"}</StateMark>
          <span class="grow">
            {props.reports
              ? `${own?.node_name ?? "The sensor"} is enrolled and reports.`
              : `${own?.node_name ?? "The sensor"} has its certificate. Waiting for its first heartbeat…`}
          </span>
          {own?.sensor_id && (
            <a class="button button-primary" href={`/sensors/${own.sensor_id}`}>
              Open the sensor
            </a>
          )}
        </div>
      ) : over ? (
        <div class="waiting" role="status">
          <StateMark tone="degraded">Expired</StateMark>
          <span class="grow">No sensor came with this token. Make a new command.</span>
        </div>
      ) : (
        <div class="waiting" role="status">
          <span class="spinner" aria-hidden="true" />
          <span class="grow">Waiting for the sensor…</span>
          <span class="faint">
            valid for another <span class="machine">{clockLeft(leftMs)}</span>
          </span>
        </div>
      )}
      <div class="row">
        <Button onClick={props.again}>Deploy another</Button>
        <Button kind="quiet" onClick={props.onClose}>
          {used ? "Done" : "Close"}
        </Button>
      </div>
    </div>
  );
}

function Command({ text, what, off }: { text: string; what: string; off: boolean }): JSX.Element {
  return (
    <div class={`command-box${off ? " command-off" : ""}`}>
      <pre class="command machine" tabIndex={0} aria-label={what.replace("Copy the ", "")}>
        {text}
      </pre>
      <CopyButton text={text} what={what} words="Copy" />
    </div>
  );
}

function clockLeft(ms: number): string {
  const secs = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(secs / 60)}:${String(secs % 60).padStart(2, "0")}`;
}
