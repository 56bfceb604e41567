import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken, TokenSummary } from "../../src/core/api/tokens.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** Enrolment tokens in each of their states: one for a cluster that is under way, one used, one expired. */
export function makeTokens(bornMs: number, fleet: readonly SensorDetail[]): TokenSummary[] {
  return [
    {
      token_id: "k0",
      kind: "cluster",
      status: "pending",
      node_name: null,
      declared_role: "generic_linux",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 3600e3),
      expires_at: iso(bornMs + 364 * 86_400e3),
      used_at: null,
      sensor_id: null,
      cluster: "oslo-5g",
      max_nodes: 40,
      nodes: 12,
    },
    {
      token_id: "k1",
      kind: "once",
      cluster: null,
      max_nodes: null,
      nodes: 0,
      status: "used",
      node_name: "db-11",
      declared_role: "generic_linux",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 86_400e3),
      expires_at: iso(bornMs - 85_500e3),
      used_at: iso(bornMs - 86_300e3),
      sensor_id: fleet[0]!.sensor_id,
    },
    {
      token_id: "k2",
      kind: "once",
      cluster: null,
      max_nodes: null,
      nodes: 0,
      status: "expired",
      node_name: null,
      declared_role: "upf",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 7200e3),
      expires_at: iso(bornMs - 6300e3),
      used_at: null,
      sensor_id: null,
    },
  ];
}

/** What is answered to who makes a token. */
export function makeCreatedToken(bornMs: number): CreatedToken {
  return {
    token_id: "k3",
    token: "tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
    expires_at: iso(bornMs + 860_000),
    console_url: "https://console.nordic-telecom.example:15483",
    pinned_public_key: "sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=",
    install_command:
      "curl -fsSk --pinnedpubkey 'sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=' https://console.nordic-telecom.example:15483/install | sh -s -- --token tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
    manual_command:
      "./telovix enroll --console https://console.nordic-telecom.example:15483 --pin 'sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=' --token tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
  };
}
