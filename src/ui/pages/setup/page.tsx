import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Brand } from "../../frame/rail.tsx";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { Banner } from "../../parts/states.tsx";
import { session } from "../../session.ts";
import { createSetupState } from "./state.ts";

const LINK_COMMAND = "telovix console setup-link";

/** First run: makes the organisation and its first administrator. */
export function SetupPage(): JSX.Element {
  const [state] = useState(createSetupState);
  if (session.value.state !== "setup") return <Complete />;
  const code = state.failure.value?.code;
  if (state.token === "" || code === "not_found" || code === "invalid_credentials" || code === "forbidden")
    return <WrongLink missing={state.token === ""} />;
  if (code === "conflict") return <Complete />;
  return (
    <main class="alone">
      <div class="alone-box">
        <Brand />
        <h1>Set up this console</h1>
        <p class="prose quiet">You become its first administrator. Nothing leaves this machine.</p>
        <SetupForm state={state} />
        <p class="faint">Telovix {state.version.value}</p>
      </div>
    </main>
  );
}

function SetupForm({ state }: { state: ReturnType<typeof createSetupState> }): JSX.Element {
  const failure = state.failure.value;
  const judgement = state.judgement.value;
  const at = (name: string): string | undefined => (failure?.pointer === `/${name}` ? failure.message : undefined);
  return (
    <form
      class="stack stack-4"
      onSubmit={(event) => {
        event.preventDefault();
        void state.submit();
      }}
    >
      <Field
        label="Organisation"
        value={state.organisation.value}
        onInput={(v) => (state.organisation.value = v)}
        error={at("organisation")}
        maxLength={128}
        autocomplete="organization"
        required
        autofocus
      />
      <Field
        label="Your name"
        value={state.name.value}
        onInput={(v) => (state.name.value = v)}
        error={at("name")}
        maxLength={128}
        autocomplete="name"
        required
      />
      <Field
        label="Email"
        type="email"
        value={state.email.value}
        onInput={(v) => (state.email.value = v)}
        error={at("email")}
        maxLength={254}
        autocomplete="email"
        required
      />
      <Field
        label="Password"
        type="password"
        value={state.password.value}
        onInput={(v) => (state.password.value = v)}
        error={at("password")}
        maxLength={256}
        autocomplete="new-password"
        required
        hint={
          <span class="strength" role="status">
            <span class={`strength-bar strength-${judgement.level}`} aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {judgement.words}
          </span>
        }
      />
      {failure && failure.pointer === undefined && (
        <Banner tone="critical">
          {failure.message} {failure.hint}
        </Banner>
      )}
      <Button type="submit" kind="primary" busy={state.busy.value} disabled={!state.ready.value}>
        {state.busy.value ? "Setting up…" : "Create the administrator"}
      </Button>
    </form>
  );
}

function WrongLink({ missing }: { missing: boolean }): JSX.Element {
  return (
    <main class="alone">
      <div class="alone-box">
        <Brand />
        <h1>{missing ? "This link is incomplete" : "This link has been used or is wrong"}</h1>
        <p class="prose quiet">
          {missing
            ? "The part after # is missing: copy the whole link."
            : "A setup link works once, and a newer one replaces it."}{" "}
          On the console's host, make a new one:
        </p>
        <pre class="command machine">{LINK_COMMAND}</pre>
      </div>
    </main>
  );
}

function Complete(): JSX.Element {
  return (
    <main class="alone">
      <div class="alone-box">
        <Brand />
        <h1>This console is already set up</h1>
        <p class="prose quiet">Sign in with your account, or ask an administrator to invite you.</p>
        <div class="row">
          <a class="button button-primary" href="/">
            Sign in
          </a>
        </div>
      </div>
    </main>
  );
}
