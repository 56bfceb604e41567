import type { JSX } from "preact";
import type { TokenSummary } from "../../../core/api/tokens.ts";
import { nodesOf } from "./token-words.ts";

/** Whom a token is for: a node, a sensor that is known, or a cluster. */
export function TokenFor({ token }: { token: TokenSummary }): JSX.Element {
  if (token.kind === "cluster")
    return (
      <span class="cut">
        {token.cluster} <span class="faint">cluster, {nodesOf(token)}</span>
      </span>
    );
  const sensor = token.sensor_id === null ? undefined : `/sensors/${token.sensor_id}`;
  if (token.node_name === null)
    return (
      <span class="cut">
        {token.kind === "reenroll" ? "a known sensor" : "any node"}
        {sensor && (
          <>
            {": "}
            <a href={sensor}>its sensor</a>
          </>
        )}
      </span>
    );
  return (
    <span class="cut">
      {sensor ? <a href={sensor}>{token.node_name}</a> : token.node_name}
      {token.kind === "reenroll" && <span class="faint"> again</span>}
    </span>
  );
}
