import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Brand } from "../../frame/rail.tsx";
import { StoreNotice } from "../../frame/store-notice.tsx";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { Banner } from "../../parts/states.tsx";
import { version } from "../../session.ts";
import { createSignInState } from "./state.ts";

export function SignInPage(): JSX.Element {
  const [state] = useState(createSignInState);
  const failure = state.failure.value;
  const wrong = failure?.code === "invalid_credentials";
  return (
    <main class="alone">
      <StoreNotice />
      <div class="alone-box">
        <Brand />
        <h1>Sign in</h1>
        <form
          class="stack stack-4"
          onSubmit={(event) => {
            event.preventDefault();
            void state.submit();
          }}
        >
          <Field
            label="Email"
            type="email"
            value={state.email.value}
            onInput={(v) => (state.email.value = v)}
            autocomplete="username"
            required
            autofocus
          />
          <Field
            label="Password"
            type="password"
            value={state.password.value}
            onInput={(v) => (state.password.value = v)}
            autocomplete="current-password"
            required
          />
          {failure && (
            <Banner tone="critical">
              {wrong ? "Email and password don't match an account." : `${failure.message} ${failure.hint ?? ""}`}
            </Banner>
          )}
          <Button type="submit" kind="primary" busy={state.busy.value}>
            {state.busy.value ? "Signing in…" : "Sign in"}
          </Button>
        </form>
        <p class="faint">Forgotten? An administrator can set a new password. Telovix {version.value}</p>
      </div>
    </main>
  );
}
