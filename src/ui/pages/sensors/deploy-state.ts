import { computed, effect, signal, untracked } from "@preact/signals";
import { CLUSTER_TOKEN_DAYS, type CreatedToken, type TokenSummary } from "../../../core/api/tokens.ts";
import { api, toFailure, type ApiFailure } from "../../api.ts";
import { onSensorNews } from "../../live.ts";
import { createResource, poll } from "../../resource.ts";
import { revokeToken } from "./revoke-token.ts";

const WAIT_POLL_MS = 3000;

/** A number as typed; what is no number is sent as it is, for the Console to say what is wrong with it. */
function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : Number(trimmed);
}

/** A token from its making to the sensor that used it; `sensorId` is of a sensor that is to enrol again. */
export function createDeployState(sensorId?: string) {
  const what = signal<"node" | "cluster">("node");
  const cluster = signal("");
  const maxNodes = signal("");
  const days = signal(String(CLUSTER_TOKEN_DAYS.usual));
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

  /** It was heard after it used the token: one that was known before was heard already. */
  const reports = computed(() => {
    const [seen, used] = [arrived.state.value.data?.last_seen_at, own.value?.used_at];
    return Boolean(seen && used && Date.parse(seen) >= Date.parse(used));
  });

  const create = async (): Promise<void> => {
    busy.value = true;
    failure.value = undefined;
    const name = nodeName.peek().trim();
    const kind = { declared_role: role.peek(), flavor: flavor.peek() };
    const [most, expires] = [numberOf(maxNodes.peek()), numberOf(days.peek())];
    const make = (): Promise<CreatedToken> => {
      if (sensorId !== undefined) return api.createToken({ sensor_id: sensorId });
      if (what.peek() === "node") return api.createToken({ ...kind, ...(name === "" ? {} : { node_name: name }) });
      return api.createClusterToken({
        ...kind,
        cluster: cluster.peek().trim(),
        ...(most === undefined ? {} : { max_nodes: most }),
        ...(expires === undefined ? {} : { expires_days: expires }),
      });
    };
    try {
      created.value = await make();
      tokens.load();
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      busy.value = false;
    }
  };
  const revoke = async (token: TokenSummary): Promise<void> => {
    if (await revokeToken(token)) tokens.load();
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
        else if (own.peek()?.sensor_id && !reports.peek()) arrived.load();
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
  const fields = { what, nodeName, cluster, maxNodes, days, role, flavor };
  return { ...fields, busy, failure, created, tokens, own, reports, create, revoke, start };
}
export type DeployState = ReturnType<typeof createDeployState>;
