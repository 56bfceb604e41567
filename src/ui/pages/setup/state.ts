import { computed, signal } from "@preact/signals";
import { api, toFailure, type ApiFailure } from "../../api.ts";
import { navigate, place } from "../../router.ts";
import { enter, setUpAtMs, version } from "../../session.ts";
import { judgePassword, PASSWORD_LEAST } from "./password.ts";

/** The first-run form. The token comes in the URL's fragment, which browsers never send anywhere. */
export function createSetupState() {
  const token = place.peek().hash.slice(1);
  const organisation = signal("");
  const name = signal("");
  const email = signal("");
  const password = signal("");
  const busy = signal(false);
  const failure = signal<ApiFailure | undefined>(undefined);
  const judgement = computed(() => judgePassword(password.value, [organisation.value, name.value, email.value]));
  const ready = computed(
    () =>
      organisation.value.trim() !== "" &&
      name.value.trim() !== "" &&
      /^[^@\s]+@[^@\s]+$/.test(email.value.trim()) &&
      password.value.length >= PASSWORD_LEAST,
  );

  const submit = async (): Promise<void> => {
    if (!ready.peek() || busy.peek()) return;
    busy.value = true;
    failure.value = undefined;
    try {
      const me = await api.setup({
        token,
        organisation: organisation.peek().trim(),
        name: name.peek().trim(),
        email: email.peek().trim(),
        password: password.peek(),
      });
      setUpAtMs.value = Date.now();
      enter(me);
      // Nothing is older than this moment: a short range fills sooner.
      navigate("/?since=15m", { replace: true });
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      busy.value = false;
    }
  };
  return { token, organisation, name, email, password, busy, failure, judgement, ready, submit, version };
}
