import { signal } from "@preact/signals";
import { api, toFailure, type ApiFailure } from "../../api.ts";
import { navigate } from "../../router.ts";
import { enter, pageAfterSignIn } from "../../session.ts";

export function createSignInState() {
  const email = signal("");
  const password = signal("");
  const busy = signal(false);
  const failure = signal<ApiFailure | undefined>(undefined);
  const submit = async (): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    failure.value = undefined;
    try {
      const me = await api.login({ email: email.peek().trim(), password: password.peek() });
      const next = pageAfterSignIn();
      enter(me);
      navigate(next, { replace: true });
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      busy.value = false;
    }
  };
  return { email, password, busy, failure, submit };
}
