import {
  HEALTH_STATES,
  type HealthReason,
  type HealthState,
  type LifecycleStatus,
  type TrustHealth,
} from "../../core/api/sensors.ts";
import { cloneReason } from "./clone-health.ts";

/** What a sensor's health is computed from; times in milliseconds since 1970. */
export interface HealthFacts {
  /** For links to more about it. */
  readonly sensorId?: string;
  readonly lifecycle: "active" | "disabled" | "revoked" | "decommissioned";
  readonly trustHealth: TrustHealth;
  /** End of the active certificate; undefined when there is none. */
  readonly certificateEndsMs: number | undefined;
  readonly enrolledMs: number;
  readonly lastSeenMs: number | undefined;
  readonly streamConnected: boolean;
  readonly engineState: string | undefined;
  readonly engineReason: string | undefined;
  readonly runtimeMode: string | undefined;
  readonly hooksOk: number;
  readonly hooksDegraded: number;
  readonly hooksRejected: number;
  readonly lastLossMs: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly memoryPercent: number | undefined;
  readonly diskPercent: number | undefined;
  readonly spoolDepth: number | undefined;
  /** Not told by older sensors. */
  readonly spoolMaxEvents?: number | undefined;
  readonly clockSkewMs: number | undefined;
  /** When a second node with this identity was seen last, and how. */
  readonly cloneSuspectedMs?: number | undefined;
  readonly cloneDetail?: string | undefined;
}

export interface Health {
  readonly status: LifecycleStatus;
  readonly state: HealthState;
  /** Worst first. */
  readonly reasons: readonly HealthReason[];
}

const LOSS_REMEMBERED_MS = 60 * 60_000;
const PRESSURE_PERCENT = 95;
const SPOOL_FILLING = 0.8;
/** What sensors that do not tell keep. */
const SPOOL_MAX_EVENTS = 100_000;
const SKEW_MS = 30_000;
/** From here on the sensor and the Console disagree about the day, and dates of certificates begin to matter. */
const GREAT_SKEW_MS = 12 * 3_600_000;

function reason(code: string, state: HealthState, message: string, action: string): HealthReason {
  return { code, state, message, action };
}

/** A time span in the words of the largest unit that fits. */
export function spanWords(ms: number): string {
  const secs = Math.max(0, Math.round(ms / 1000));
  const units = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
    [1, "second"],
  ] as const;
  const [size, word] = units.find(([size]) => secs >= size * 2 || size === 1)!;
  const count = Math.round(secs / size);
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Silence of a sensor without a stream, against the stale threshold: half, whole, four times. */
function timing(facts: HealthFacts, nowMs: number, staleMs: number): HealthReason | undefined {
  if (facts.streamConnected) return undefined;
  const ageMs = nowMs - (facts.lastSeenMs ?? facts.enrolledMs);
  const silence =
    facts.lastSeenMs === undefined
      ? `It has not reported since it enrolled ${spanWords(ageMs)} ago.`
      : `Its last heartbeat came ${spanWords(ageMs)} ago.`;
  const look =
    "Check that the node is up, that the service telovix-sensor runs, and that it reaches the Console's port.";
  if (ageMs > 4 * staleMs) return reason("heartbeat_missing", "offline", silence, look);
  if (ageMs > staleMs) return reason("heartbeat_stale", "degraded", silence, look);
  if (ageMs > staleMs / 2)
    return reason(
      "heartbeat_delayed",
      "watch",
      silence,
      "Wait for the next one; if this goes on, look at the node's load and network.",
    );
  return undefined;
}

/** A certificate that does not count any more: nothing but a person helps. */
function withoutCertificate(endsMs: number | undefined, nowMs: number): HealthReason | undefined {
  if (endsMs !== undefined && endsMs > nowMs) return undefined;
  const what =
    endsMs === undefined
      ? "It has no certificate that counts."
      : `Its certificate ended ${spanWords(nowMs - endsMs)} ago: what it sends is refused.`;
  return reason(
    "certificate_expired",
    "degraded",
    what,
    "Re-enrol it on its page: it keeps its id, and what waits in its spool is delivered then.",
  );
}

function trust(trustHealth: TrustHealth, endsMs: number | undefined, nowMs: number): HealthReason | undefined {
  const renew = "The sensor renews by itself while it reaches the Console; if it does not, re-enrol it on its page.";
  switch (trustHealth) {
    case "revoked":
      return reason(
        "identity_revoked",
        "critical",
        "Its identity was revoked.",
        "Enrol it again with a new token if it may come back.",
      );
    case "renewal_due":
      return reason(
        "certificate_renewal_due",
        "degraded",
        "Its certificate ends within a day, or was refused a moment ago.",
        renew,
      );
    case "degraded":
      return (
        withoutCertificate(endsMs, nowMs) ??
        reason(
          "trust_degraded",
          "degraded",
          "It had trouble with its trust in the last day.",
          "Look at the trust error on its page.",
        )
      );
    case "renewal_recommended":
      return reason("certificate_renewal_recommended", "watch", "Its certificate ends within three days.", renew);
    case "healthy":
      return undefined;
  }
}

function engine(facts: HealthFacts): HealthReason[] {
  const found: HealthReason[] = [];
  const { engineState, engineReason, hooksOk, hooksDegraded, hooksRejected } = facts;
  if (engineState === "failed" || engineState === "stopped" || engineState === "backoff")
    found.push(
      reason(
        "engine_down",
        "critical",
        `Its kernel engine does not run${engineReason ? `: ${engineReason}` : "."}`,
        "Run 'telovix doctor' on the node: it says what the kernel lacks.",
      ),
    );
  else if (engineState === "starting")
    found.push(reason("engine_starting", "watch", "Its kernel engine is starting.", "Wait a moment."));
  else if (hooksOk + hooksDegraded === 0 && hooksRejected > 0)
    found.push(
      reason(
        "kernel_guard_failed",
        "critical",
        "Its kernel accepted none of the hooks.",
        "Run 'telovix doctor' on the node.",
      ),
    );
  else if (hooksRejected > 0)
    found.push(
      reason(
        "coverage_reduced",
        "watch",
        `Its kernel refused ${hooksRejected} of ${hooksOk + hooksDegraded + hooksRejected} hooks.`,
        "The Engine part of its page names them and why; some things are not seen there.",
      ),
    );
  if (facts.runtimeMode === "simulated")
    found.push(
      reason(
        "runtime_simulated",
        "watch",
        "Its events are simulated.",
        "Run the sensor with its engine to protect the node.",
      ),
    );
  return found;
}

function resources(facts: HealthFacts): HealthReason[] {
  const found: HealthReason[] = [];
  const pressure = (code: string, percent: number | undefined, what: string): void => {
    if (percent !== undefined && percent >= PRESSURE_PERCENT)
      found.push(
        reason(
          code,
          "watch",
          `The node's ${what} is ${Math.round(percent)} % used.`,
          "Relieve the node; a starved sensor loses events first.",
        ),
      );
  };
  pressure("cpu_pressure", facts.cpuPercent, "processor");
  pressure("memory_pressure", facts.memoryPercent, "memory");
  pressure("disk_pressure", facts.diskPercent, "disk");
  const spoolMaxEvents = facts.spoolMaxEvents ?? SPOOL_MAX_EVENTS;
  if ((facts.spoolDepth ?? 0) >= SPOOL_FILLING * spoolMaxEvents)
    found.push(
      reason(
        "spool_filling",
        "watch",
        `${facts.spoolDepth!.toLocaleString("en")} events wait on the node; beyond ${spoolMaxEvents.toLocaleString("en")} the oldest go.`,
        "Check the path to the Console and whether its event store keeps up.",
      ),
    );
  if (Math.abs(facts.clockSkewMs ?? 0) > SKEW_MS)
    found.push(
      reason(
        "clock_skew",
        Math.abs(facts.clockSkewMs!) > GREAT_SKEW_MS ? "degraded" : "watch",
        `Its clock is ${spanWords(Math.abs(facts.clockSkewMs!))} ${facts.clockSkewMs! > 0 ? "ahead of" : "behind"} the Console's.`,
        "Set the node's time (NTP): its events appear at the wrong time, and beyond two days it can't prove itself any more.",
      ),
    );
  return found;
}

const rank = (state: HealthState): number => HEALTH_STATES.indexOf(state);

/** Health of a sensor and every reason for it, each with what to do. Pure. */
export function computeHealth(facts: HealthFacts, nowMs: number, staleMs: number): Health {
  if (facts.lifecycle === "revoked" || facts.lifecycle === "decommissioned")
    return { status: "revoked", state: "critical", reasons: [trust("revoked", undefined, nowMs)!] };
  if (facts.lifecycle === "disabled")
    return {
      status: "disabled",
      state: "watch",
      reasons: [
        reason(
          "disabled",
          "watch",
          "An operator disabled it; what it sends is refused.",
          "Enable it on its page when it may report again.",
        ),
      ],
    };
  const silence = timing(facts, nowMs, staleMs);
  const found = [
    silence,
    trust(facts.trustHealth, facts.certificateEndsMs, nowMs),
    cloneReason(facts.cloneSuspectedMs, facts.cloneDetail ?? "", nowMs),
  ];
  // What an absent sensor said last says nothing about now.
  if (silence?.state !== "offline") {
    found.push(...engine(facts), ...resources(facts));
    if (facts.lastLossMs !== undefined && nowMs - facts.lastLossMs <= LOSS_REMEMBERED_MS)
      found.push({
        ...reason(
          "event_loss",
          "watch",
          `Events of it were lost ${spanWords(nowMs - facts.lastLossMs)} ago.`,
          "The ledger of losses says how many, where on their way and why, and what helps.",
        ),
        href: facts.sensorId === undefined ? "/losses" : `/losses?sensor=${facts.sensorId}`,
      });
  }
  const reasons = found.filter((r) => r !== undefined).toSorted((a, b) => rank(b.state) - rank(a.state));
  const stale = silence?.state === "offline" || silence?.state === "degraded";
  return { status: stale ? "stale" : "healthy", state: reasons[0]?.state ?? "healthy", reasons };
}
