import type { HealthState, LifecycleStatus, TrustHealth, TrustState } from "../core/api/sensors.ts";
import { KINDS, isEventKind, type EventFamily } from "../core/event/kinds.ts";

/** Words of the user's world for the values the API sends. */
export const HEALTH_WORDS: Readonly<Record<HealthState, string>> = {
  healthy: "Healthy",
  watch: "Watch",
  degraded: "Degraded",
  critical: "Critical",
  offline: "Offline",
};
export const HEALTH_ORDER: readonly HealthState[] = ["critical", "degraded", "offline", "watch", "healthy"];

export const LIFECYCLE_WORDS: Readonly<Record<LifecycleStatus, string>> = {
  healthy: "Reporting",
  stale: "Stale",
  disabled: "Disabled",
  revoked: "Revoked",
};

export const TRUST_WORDS: Readonly<Record<TrustState, string>> = {
  trusted: "Trusted",
  rotated: "Trusted, renewed",
  bootstrap_pending: "First certificate",
  trust_revoked: "Revoked",
};

export const TRUST_HEALTH_WORDS: Readonly<Record<TrustHealth, string>> = {
  healthy: "Valid",
  renewal_recommended: "Renewal recommended",
  renewal_due: "Renewal due",
  degraded: "Degraded",
  revoked: "Revoked",
};

export const FAMILY_WORDS: Readonly<Record<EventFamily, string>> = {
  process: "Processes",
  file: "Files",
  network: "Network",
  dns: "Names (DNS)",
  privilege: "Privileges",
  kernel: "Kernel",
  engine: "Engine",
};

const ROLE_NAMES: Readonly<Record<string, string>> = {
  generic_linux: "Linux host",
  amf: "AMF",
  smf: "SMF",
  upf: "UPF",
  o_du: "O-DU",
  o_cu: "O-CU",
  ric: "RIC",
};

/** Roles offered when a sensor is deployed. */
export const DECLARED_ROLES: readonly string[] = Object.keys(ROLE_NAMES);

/** `amf` → `AMF`, `edge_router` → `Edge router`. */
export function roleName(role: string): string {
  const words = role.replaceAll("_", " ");
  return ROLE_NAMES[role] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** Title of a kind, or the kind itself when this console does not know it. */
export function kindTitle(kind: string): string {
  return isEventKind(kind) ? KINDS[kind].title : kind;
}

/** `enforce_ready` → `Enforce ready`. */
export function sentence(value: string): string {
  const words = value.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** In place of what a viewer may not see. */
export const EVENTS_ARE_FOR_ANALYSTS =
  "Events and lineage are shown to analysts and above. An administrator can change your role.";
