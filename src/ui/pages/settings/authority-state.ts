import { signal } from "@preact/signals";
import type { AuthorityStatus, RotationAction, RotationPhase } from "../../../core/api/trust.ts";
import { api, toFailure } from "../../api.ts";
import { plural } from "../../format.ts";
import { confirm, type Question } from "../../parts/confirm.tsx";
import { toastDone, toastFailed } from "../../parts/toast.tsx";
import { createResource, poll } from "../../resource.ts";

const POLL_MS = 5_000;

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

/** The button that goes one step on. */
export function advanceWords(status: AuthorityStatus): string {
  return status.phase === "dual_trust" ? "Let the next one sign" : "Retire the old one";
}

/** What is asked before a step. Pure. */
export function questionOf(status: AuthorityStatus, action: RotationAction, force: boolean): Question {
  const undo = "The change can be taken back until the old authority is retired.";
  const cut = force ? ` ${plural(status.waiting_total, "sensor")} will be cut off and must be enrolled again.` : "";
  if (action === "rotate")
    return {
      title: "Begin to change the authority?",
      what: "The Console makes the next authority and tells every sensor about it. Nothing else changes yet.",
      undo,
      verb: "Begin",
      danger: false,
    };
  if (action === "abort")
    return status.phase === "dual_issue"
      ? {
          title: "Go back to the old authority?",
          what: "The old authority signs again, and sensors that have renewed are asked to do so once more.",
          undo: "Advance again at any time.",
          verb: "Go back",
          danger: false,
        }
      : {
          title: "Give the next authority up?",
          what: `Its key is deleted.${cut}`,
          undo: "A new change makes another authority.",
          verb: "Give it up",
          danger: force,
        };
  return status.phase === "dual_trust"
    ? {
        title: "Let the next authority sign?",
        what: "New certificates are signed by it. Every sensor is asked to renew within five minutes of its next heartbeat.",
        undo,
        verb: "Let it sign",
        danger: false,
      }
    : {
        title: "Retire the old authority?",
        what: `Its key is deleted and its certificates are refused. The Console shows a certificate of the next one.${cut}`,
        undo: "This can't be undone.",
        verb: force ? "Retire, and cut off" : "Retire",
        ...(force ? { typed: "cut off" } : {}),
      };
}

/** The authority and its change. */
export function createAuthorityState() {
  const loaded = createResource((abort) => api.authority(abort));
  const busy = signal(false);
  const act = async (action: RotationAction, force = false): Promise<void> => {
    const now = loaded.state.peek().data;
    if (!now || !(await confirm(questionOf(now, action, force)))) return;
    busy.value = true;
    try {
      await api.changeAuthority(action, force);
      toastDone("The authority's change went one step on.");
    } catch (error) {
      toastFailed("Nothing was changed.", toFailure(error));
    } finally {
      busy.value = false;
      loaded.load();
    }
  };
  const start = (): (() => void) => {
    loaded.load();
    const stops = [
      poll(POLL_MS, () => {
        if (loaded.state.peek().data?.phase !== "stable") loaded.load();
      }),
      loaded.stop,
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { loaded, busy, act, start };
}
export type AuthorityState = ReturnType<typeof createAuthorityState>;
