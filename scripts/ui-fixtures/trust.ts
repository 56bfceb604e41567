import type { AuthorityStatus, RotationAction, RotationPhase } from "../../src/core/api/trust.ts";
import type { PreviewState } from "./state.ts";

const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const NEXT: Readonly<Record<RotationPhase, Partial<Record<RotationAction, RotationPhase>>>> = {
  stable: { rotate: "dual_trust" },
  dual_trust: { advance: "dual_issue", abort: "stable" },
  dual_issue: { advance: "stable", abort: "dual_trust" },
};

/** The phase after an action; the same where it may not be done. */
export function phaseAfter(phase: RotationPhase, action: string): RotationPhase {
  return NEXT[phase][action as RotationAction] ?? phase;
}

/** The authority in the middle of its change; `empty` shows it at rest. With a `phase` it stands there, and nobody waits. */
export function makeAuthority(nowMs: number, state: PreviewState, phase?: RotationPhase): AuthorityStatus {
  const old = {
    id: "9f2c81e07b3d4a5566778899aabbccddeeff00112233445566778899aabbccdd",
    subject: "CN=Telovix Console CA, O=Telovix",
    not_before: iso(nowMs - 900 * DAY_MS),
    not_after: iso(nowMs + 2750 * DAY_MS),
  };
  const rest = {
    server_certificate_ends_at: iso(nowMs + 320 * DAY_MS),
    pinned_public_key: "sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=",
    hosts: [{ name: "console-1 (4f2a91)", seen_at: iso(nowMs - 4_000), lacks_key: false }],
  };
  if (phase === "stable" || (phase === undefined && state === "empty"))
    return {
      ...rest,
      phase: "stable",
      since: iso(nowMs - 900 * DAY_MS),
      authorities: [{ ...old, standing: "issuing", sensors: 34 }],
      sensors: 34,
      sensors_with_bundle: 34,
      waiting: [],
      waiting_total: 0,
      actions: ["rotate"],
    };
  const next = {
    id: "41d7c0ffee12345678901234567890abcdefabcdefabcdefabcdefabcdefabcd",
    subject: "CN=Telovix Console CA 2026-11-25, O=Telovix",
    not_before: iso(nowMs - 3 * DAY_MS),
    not_after: iso(nowMs + 3650 * DAY_MS),
  };
  if (phase !== undefined)
    return {
      ...rest,
      phase,
      since: iso(nowMs - 4_000),
      authorities: [
        { ...old, standing: phase === "dual_trust" ? "issuing" : "trusted", sensors: phase === "dual_trust" ? 34 : 0 },
        { ...next, standing: phase === "dual_trust" ? "trusted" : "issuing", sensors: phase === "dual_trust" ? 0 : 34 },
      ],
      sensors: 34,
      sensors_with_bundle: 34,
      waiting: [],
      waiting_total: 0,
      actions: ["advance", "abort"],
    };
  return {
    ...rest,
    phase: "dual_issue",
    since: iso(nowMs - 2 * 3_600_000),
    authorities: [
      { ...old, standing: "trusted", sensors: 3 },
      { ...next, standing: "issuing", sensors: 31 },
    ],
    sensors: 34,
    sensors_with_bundle: 32,
    hosts: [...rest.hosts, { name: "console-2 (91bb07)", seen_at: iso(nowMs - 11_000), lacks_key: false }],
    waiting: ["db-14", "smf-12", "web-13"].map((node_name, i) => ({
      sensor_id: node_name,
      node_name,
      last_seen_at: i === 0 ? null : iso(nowMs - i * 5 * 3_600_000),
      reason: i === 1 ? "bundle" : "certificate",
    })),
    waiting_total: 3,
    actions: ["abort"],
  };
}
