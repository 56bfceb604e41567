import { expect, test } from "bun:test";
import type { TokenSummary } from "../../../core/api/tokens.ts";
import { isOpen, nodesOf, revokeQuestion, tokenName } from "./token-words.ts";

const token = (more: Partial<TokenSummary>): TokenSummary => ({
  token_id: "t",
  kind: "once",
  status: "pending",
  node_name: null,
  declared_role: null,
  created_by: "ada@example.net",
  created_at: "2026-01-01T00:00:00Z",
  expires_at: "2026-01-01T00:15:00Z",
  used_at: null,
  sensor_id: null,
  cluster: null,
  max_nodes: null,
  nodes: 0,
  ...more,
});

test("a token is called by whom it is for", () => {
  expect([
    tokenName(token({})),
    tokenName(token({ node_name: "db-1" })),
    tokenName(token({ kind: "reenroll", node_name: "db-1" })),
    tokenName(token({ kind: "cluster", cluster: "oslo" })),
  ]).toEqual([
    "the token for any node",
    "the token for db-1",
    "the re-enrolment token of db-1",
    "the token of cluster oslo",
  ]);
});

test("before one is revoked its name is said, and who stays", () => {
  const oslo = (nodes: number) => revokeQuestion(token({ kind: "cluster", cluster: "oslo", nodes }));
  expect(oslo(12)).toMatchObject({
    title: "Revoke the token of cluster oslo?",
    what: "No further node can enrol with it. The 12 nodes that have stay enrolled.",
  });
  expect([oslo(0).what, oslo(1).what]).toEqual([
    "No further node can enrol with it.",
    "No further node can enrol with it. The node that has stays enrolled.",
  ]);
});

test("a full one is open: its nodes may come again", () => {
  expect(
    (["pending", "exhausted", "used", "expired", "revoked"] as const).map((status) => isOpen(token({ status }))),
  ).toEqual([true, true, false, false, false]);
  expect([nodesOf(token({ nodes: 1 })), nodesOf(token({ nodes: 12, max_nodes: 40 }))]).toEqual([
    "1 node",
    "12 of 40 nodes",
  ]);
});
