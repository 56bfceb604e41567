import { computed, effect, signal, untracked } from "@preact/signals";
import type { CreatedToken, CreateTokenRequest } from "../../../core/api/tokens.ts";
import { api, toFailure, type ApiFailure } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource, poll } from "../../resource.ts";

const WAIT_POLL_MS = 3000;

/** A token from its making to the sensor that used it. */
export function createDeployState() {
  const nodeName = signal("");
  const role = signal("generic_linux");
  const flavor = signal<"standard" | "telecom">("standard");
  const busy = signal(false);
  const failure = signal<ApiFailure | undefined>(undefined);
  const created = signal<CreatedToken | undefined>(undefined);
  const tokens = createResource((abort) => api.tokens(abort));
  const own = computed(() => tokens.state.value.data?.find((token) => token.token_id === created.value?.token_id));

  /** The sensor that came with the token, once there is one. */
  const arrived = createResource((abort) => api.sensor(own.peek()?.sensor_id ?? "", abort));

  const create = async (): Promise<void> => {
    busy.value = true;
    failure.value = undefined;
    const name = nodeName.peek().trim();
    const body: CreateTokenRequest = {
      declared_role: role.peek(),
      flavor: flavor.peek(),
      ...(name === "" ? {} : { node_name: name }),
    };
    try {
      created.value = await api.createToken(body);
      tokens.load();
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      busy.value = false;
    }
  };
  const revoke = async (id: string): Promise<void> => {
    try {
      await api.revokeToken(id);
      toastDone("Token revoked. A sensor can no longer enrol with it.");
    } catch (error) {
      toastFailed("The token was not revoked.", toFailure(error));
    }
    tokens.load();
  };
  const start = (): (() => void) => {
    tokens.load();
    const stops = [
      onSensorNews((news) => {
        if (news.change === "enrolled") tokens.load();
        if (news.sensor_id === own.peek()?.sensor_id && news.change !== "enrolled") arrived.load();
      }),
      poll(WAIT_POLL_MS, () => {
        if (created.peek() && own.peek()?.status !== "used") tokens.load();
        else if (own.peek()?.sensor_id && !arrived.state.peek().data?.last_seen_at) arrived.load();
      }),
      effect(() => {
        if (own.value?.sensor_id) untracked(() => arrived.load({ fresh: true }));
      }),
      arrived.stop,
      tokens.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { nodeName, role, flavor, busy, failure, created, tokens, own, arrived, create, revoke, start };
}
export type DeployState = ReturnType<typeof createDeployState>;
