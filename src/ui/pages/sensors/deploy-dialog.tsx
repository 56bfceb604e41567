import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CLUSTER_TOKEN_DAYS } from "../../../core/api/tokens.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Choice, Field, Segments } from "../../parts/field.tsx";
import { Banner } from "../../parts/states.tsx";
import { DECLARED_ROLES, roleName } from "../../words.ts";
import { createDeployState, type DeployState } from "./deploy-state.ts";
import { Paste } from "./paste.tsx";
import { OpenTokens } from "./token-list.tsx";

/** Makes a token, shows the one line to paste, and waits for the sensor to come in. */
export function DeployDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [state] = useState(() => createDeployState());
  useEffect(() => state.start(), [state]);
  const created = state.created.value;
  return (
    <Dialog title="Deploy a sensor" onClose={onClose} wide>
      <div class="stack stack-4">
        {created ? (
          <Paste
            created={created}
            own={state.own.value}
            reports={state.reports.value}
            again={{ words: "Deploy another", run: () => (state.created.value = undefined) }}
            onClose={onClose}
          />
        ) : (
          <Form state={state} />
        )}
        <OpenTokens state={state} />
      </div>
    </Dialog>
  );
}

/** Fields that show their own fault. */
const OWN_FAULTS = ["/node_name", "/cluster", "/max_nodes", "/expires_days"];

function Form({ state }: { state: DeployState }): JSX.Element {
  const failure = state.failure.value;
  const cluster = state.what.value === "cluster";
  return (
    <form
      class="stack stack-4"
      onSubmit={(event) => {
        event.preventDefault();
        void state.create();
      }}
    >
      <Segments
        label="What to deploy on"
        value={state.what.value}
        onChange={(value) => (state.what.value = value === "cluster" ? "cluster" : "node")}
        options={[
          { value: "node", label: "One node" },
          { value: "cluster", label: "A cluster" },
        ]}
      />
      <div class="form-grid">
        {cluster ? <ClusterFields state={state} /> : <NodeField state={state} />}
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
      {failure && !OWN_FAULTS.includes(failure.pointer ?? "") && (
        <Banner tone="critical">
          {failure.message} {failure.hint}
        </Banner>
      )}
      <div class="row row-wrap">
        <Button type="submit" kind="primary" busy={state.busy.value}>
          Make the command
        </Button>
        <span class="faint">
          {cluster ? "Every node of the cluster can use it until it ends." : "It works once, for 15 minutes."}
        </span>
      </div>
    </form>
  );
}

function NodeField({ state }: { state: DeployState }): JSX.Element {
  const failure = state.failure.value;
  return (
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
  );
}

function ClusterFields({ state }: { state: DeployState }): JSX.Element {
  const failure = state.failure.value;
  const fault = (pointer: string): string | undefined => (failure?.pointer === pointer ? failure.message : undefined);
  return (
    <>
      <Field
        label="Cluster name"
        value={state.cluster.value}
        onInput={(value) => (state.cluster.value = value)}
        hint="Nodes that name another cluster are refused."
        error={fault("/cluster")}
        maxLength={63}
        required
        machine
        autofocus
      />
      <Field
        label="Nodes at most"
        value={state.maxNodes.value}
        onInput={(value) => (state.maxNodes.value = value)}
        placeholder="no limit"
        hint="A node that comes again is counted once."
        error={fault("/max_nodes")}
        maxLength={6}
      />
      <Field
        label="Valid for, days"
        value={state.days.value}
        onInput={(value) => (state.days.value = value)}
        hint={`At most ${CLUSTER_TOKEN_DAYS.most}. Revoke it at any time.`}
        error={fault("/expires_days")}
        maxLength={3}
      />
    </>
  );
}
