import type { JSX } from "preact";
import type { HealthState } from "../../../core/api/sensors.ts";
import type { TokenStatus, TokenSummary } from "../../../core/api/tokens.ts";
import { formatCount } from "../../format.ts";
import { Button } from "../../parts/button.tsx";
import { StateMark } from "../../parts/marks.tsx";
import { Section } from "../../parts/pane.tsx";
import { Ago } from "../../parts/time.tsx";
import { roleName, sentence } from "../../words.ts";
import type { DeployState } from "./deploy-state.ts";

const TONE: Readonly<Record<TokenStatus, HealthState>> = {
  pending: "watch",
  used: "healthy",
  expired: "offline",
  revoked: "offline",
  exhausted: "watch",
};
const SHOWN = 8;

/** Tokens made lately, who made them and what became of them. */
export function TokenList({ state }: { state: DeployState }): JSX.Element | null {
  const tokens = state.tokens.state.value.data;
  if (!tokens || tokens.length === 0) return null;
  return (
    <Section
      title="Tokens"
      count={tokens.length > SHOWN ? `newest ${SHOWN} of ${tokens.length}` : String(tokens.length)}
    >
      <table class="plain-table">
        <thead>
          <tr>
            <th>State</th>
            <th>For</th>
            <th class="hide-narrow">Role</th>
            <th class="hide-narrow">Made by</th>
            <th>Made</th>
            <th>
              <span class="visually-hidden">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.slice(0, SHOWN).map((token) => (
            <tr key={token.token_id}>
              <td>
                <StateMark tone={TONE[token.status]}>{sentence(token.status)}</StateMark>
              </td>
              <td>
                <For token={token} />
              </td>
              <td class="hide-narrow">{token.declared_role ? roleName(token.declared_role) : ""}</td>
              <td class="hide-narrow">{token.created_by}</td>
              <td>
                <Ago at={token.created_at} />
              </td>
              <td class="number">
                {(token.status === "pending" || token.status === "exhausted") && (
                  <Button kind="quiet" onClick={() => void state.revoke(token.token_id)}>
                    Revoke
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** Whom the token is for: a node, a sensor that is known, or a cluster. */
function For({ token }: { token: TokenSummary }): JSX.Element {
  if (token.kind === "cluster") {
    const of = token.max_nodes === null ? "" : ` of ${formatCount(token.max_nodes)}`;
    return (
      <>
        {token.cluster}{" "}
        <span class="faint">
          cluster, {formatCount(token.nodes)}
          {of} {token.nodes === 1 && of === "" ? "node" : "nodes"}
        </span>
      </>
    );
  }
  const name = token.node_name ?? (token.sensor_id ? "its sensor" : "any node");
  return (
    <>
      {token.sensor_id ? <a href={`/sensors/${token.sensor_id}`}>{name}</a> : <span class="faint">{name}</span>}
      {token.kind === "reenroll" && <span class="faint"> again</span>}
    </>
  );
}
