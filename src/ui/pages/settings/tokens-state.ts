import { computed, signal } from "@preact/signals";
import type { TokenSummary } from "../../../core/api/tokens.ts";
import { api } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { createResource, poll } from "../../resource.ts";
import { query, setQuery } from "../../router.ts";
import { revokeToken } from "../sensors/revoke-token.ts";
import { isOpen } from "../sensors/token-words.ts";

const POLL_MS = 15_000;

/** Tokens of the organisation; the URL says whether those that are over are shown too. */
export function createTokensState() {
  const loaded = createResource((abort) => api.tokens(abort));
  const all = computed(() => query.value.get("show") === "all");
  const active = signal<string | undefined>(undefined);
  const making = signal(false);
  const rows = computed(() => (loaded.state.value.data ?? []).filter((token) => all.value || isOpen(token)));
  const show = (value: string): void => setQuery({ show: value === "all" ? "all" : null }, { replace: true });
  const revoke = async (token: TokenSummary): Promise<void> => {
    if (await revokeToken(token)) loaded.load();
  };
  const start = (): (() => void) => {
    loaded.load();
    const stops = [
      onSensorNews((news) => news.change === "enrolled" && loaded.load()),
      poll(POLL_MS, () => loaded.load()),
      loaded.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { loaded, all, active, making, rows, show, revoke, start };
}
export type TokensState = ReturnType<typeof createTokensState>;
