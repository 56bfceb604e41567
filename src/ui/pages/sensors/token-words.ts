import type { HealthState } from "../../../core/api/sensors.ts";
import type { TokenStatus, TokenSummary } from "../../../core/api/tokens.ts";
import { formatCount, plural } from "../../format.ts";
import type { Question } from "../../parts/confirm.tsx";

export const TOKEN_TONE: Readonly<Record<TokenStatus, HealthState>> = {
  pending: "watch",
  used: "healthy",
  expired: "offline",
  revoked: "offline",
  exhausted: "healthy",
};

export const TOKEN_WORDS: Readonly<Record<TokenStatus, string>> = {
  pending: "Open",
  used: "Used",
  expired: "Expired",
  revoked: "Revoked",
  exhausted: "Full",
};

/** True while somebody could enrol, or come again, with it. */
export function isOpen(token: TokenSummary): boolean {
  return token.status === "pending" || token.status === "exhausted";
}

/** Nodes a cluster's token has brought in, of how many: `12 of 40 nodes`, `1 node`. Pure. */
export function nodesOf(token: TokenSummary): string {
  return token.max_nodes === null
    ? plural(token.nodes, "node")
    : `${formatCount(token.nodes)} of ${plural(token.max_nodes, "node")}`;
}

/** What a token is called where it is spoken of. Pure. */
export function tokenName(token: TokenSummary): string {
  if (token.kind === "cluster") return `the token of cluster ${token.cluster ?? ""}`.trimEnd();
  if (token.kind === "reenroll") return `the re-enrolment token of ${token.node_name ?? "its sensor"}`;
  return token.node_name === null ? "the token for any node" : `the token for ${token.node_name}`;
}

/** What is asked before a token is revoked. Pure. */
export function revokeQuestion(token: TokenSummary): Question {
  const name = tokenName(token);
  const what = {
    once: "No node can enrol with it any more, nor with the command it is in.",
    reenroll: "The sensor can't prove itself anew with it. The certificate it has goes on counting.",
    cluster: `No further node can enrol with it. ${token.nodes === 0 ? "" : `The ${token.nodes === 1 ? "node that has stays" : `${formatCount(token.nodes)} nodes that have stay`} enrolled.`}`,
  }[token.kind].trimEnd();
  return {
    title: `Revoke ${name}?`,
    what,
    undo: "It can't be brought back; make a new one instead.",
    verb: "Revoke it",
  };
}
