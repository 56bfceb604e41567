import type { AuthoritySummary, AuthorityStatus, RotationAction, RotationPhase } from "../../../core/api/trust.ts";
import { formatCount, plural } from "../../format.ts";
import type { Question } from "../../parts/confirm.tsx";

interface StepWords {
  readonly name: string;
  readonly what: string;
}

/** The phases as a person goes through them; the last stands for the end, which is stable again. */
export const STEPS: readonly (StepWords & { readonly phase: RotationPhase | "retired" })[] = [
  { phase: "stable", name: "One authority", what: "It signs every sensor's certificate." },
  {
    phase: "dual_trust",
    name: "Both trusted",
    what: "Sensors learn the next one with their heartbeats. The old one still signs.",
  },
  { phase: "dual_issue", name: "Next one signs", what: "Sensors renew by themselves. Certificates of both count." },
  { phase: "retired", name: "Old one retired", what: "Its key is deleted, and its certificates are refused." },
];

/** Name of an authority: the common name of its subject. */
export function authorityName(authority: AuthoritySummary): string {
  return /CN=([^,\n]+)/.exec(authority.subject)?.[1] ?? authority.subject;
}

/** The authority that is there, and the one that follows it. Pure. */
export function authorityNames(status: AuthorityStatus): { readonly old: string; readonly next: string } {
  const named = (standing: AuthoritySummary["standing"]): string | undefined => {
    const found = status.authorities.find((authority) => authority.standing === standing);
    return found && authorityName(found);
  };
  const [signs, trusted] = [named("issuing"), named("trusted")];
  return status.phase === "dual_issue"
    ? { old: trusted ?? "the old authority", next: signs ?? "the next authority" }
    : { old: signs ?? "the old authority", next: trusted ?? "the next authority" };
}

/** The button that goes one step on. */
export function advanceWords(status: AuthorityStatus): string {
  return status.phase === "dual_trust" ? "Let the next one sign" : "Retire the old one";
}

/** How far the step is: sensors that are done with it, and that in words. Pure. */
export function progressOf(status: AuthorityStatus): { readonly done: number; readonly words: string } {
  const { sensors, sensors_with_bundle: know } = status;
  if (status.phase === "dual_trust")
    return { done: know, words: `${formatCount(know)} of ${plural(sensors, "sensor")} trust both authorities.` };
  const done = status.authorities.find((a) => a.standing === "issuing")?.sensors ?? 0;
  return { done, words: `${formatCount(done)} of ${plural(sensors, "sensor")} have a certificate of the next one.` };
}

/** What was done, for the toast. */
export const DONE_WORDS: Readonly<Record<RotationAction, (before: AuthorityStatus) => string>> = {
  rotate: () => "The next authority is made. Sensors learn it with their heartbeats.",
  advance: (before) =>
    before.phase === "dual_trust"
      ? `${authorityNames(before).next} signs now.`
      : `${authorityNames(before).old} is retired.`,
  abort: (before) =>
    before.phase === "dual_issue"
      ? `${authorityNames(before).old} signs again.`
      : `${authorityNames(before).next} is given up.`,
};

/** What is asked before a step. Pure. */
export function questionOf(status: AuthorityStatus, action: RotationAction, force: boolean): Question {
  const { old, next } = authorityNames(status);
  const undo = `The change can be taken back until ${old} is retired.`;
  const cut = force ? ` ${plural(status.waiting_total, "sensor")} will be cut off and must be enrolled again.` : "";
  if (action === "rotate")
    return {
      title: `Begin to replace ${old}?`,
      what: `The Console makes the next authority and tells ${plural(status.sensors, "sensor")} about it with their heartbeats. ${old} goes on signing: nothing else changes yet.`,
      undo,
      verb: "Begin",
      danger: false,
    };
  if (action === "abort")
    return status.phase === "dual_issue"
      ? {
          title: `Go back to ${old}?`,
          what: `${old} signs again, and sensors that have renewed are asked to do so once more.`,
          undo: "Advance again at any time.",
          verb: "Go back",
          danger: false,
        }
      : {
          title: `Give ${next} up?`,
          what: `Its key is deleted, and ${old} stays the only authority.${cut}`,
          undo: "A new change makes another authority.",
          verb: force ? "Give it up, and cut off" : "Give it up",
          danger: true,
          ...(force ? { typed: next } : {}),
        };
  return status.phase === "dual_trust"
    ? {
        title: `Let ${next} sign?`,
        what: "New certificates are signed by it. Every sensor is asked to renew within five minutes of its next heartbeat.",
        undo,
        verb: "Let it sign",
        danger: false,
      }
    : {
        title: `Retire ${old}?`,
        what: `Its key is deleted and its certificates are refused. The Console shows a certificate of ${next}.${cut}`,
        undo: "This can't be undone.",
        verb: force ? "Retire, and cut off" : "Retire",
        typed: old,
      };
}
