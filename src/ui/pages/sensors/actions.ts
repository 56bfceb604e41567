import type { Question } from "../../parts/confirm.tsx";

export type SensorAction = "disable" | "enable" | "revoke" | "delete";

interface ActionWords {
  readonly verb: string;
  readonly done: string;
  readonly typed: boolean;
  readonly ask: (who: string) => Question;
}

/** What each action on sensors does, and how it is undone. */
export const ACTION_WORDS: Readonly<Record<SensorAction, ActionWords>> = {
  disable: {
    verb: "Disable",
    done: "disabled",
    typed: false,
    ask: (who) => ({
      title: `Disable ${who}?`,
      what: "Its events are refused until it is enabled again. It goes on watching, and keeps what it sees on the node as long as there is room.",
      undo: "Enable it again at any time.",
      verb: `Disable ${who}`,
    }),
  },
  enable: {
    verb: "Enable",
    done: "enabled",
    typed: false,
    ask: (who) => ({
      title: `Enable ${who}?`,
      what: "Its events are taken again, those it kept meanwhile first.",
      undo: "Disable it again at any time.",
      verb: `Enable ${who}`,
      danger: false,
    }),
  },
  revoke: {
    verb: "Revoke",
    done: "revoked",
    typed: true,
    ask: (who) => ({
      title: `Revoke ${who}?`,
      what: "Its certificate is refused from now on and its connection is cut at once. The node goes on without protection being reported.",
      undo: "The certificate can't be used again. To bring the node back, re-enrol it on its page.",
      verb: `Revoke ${who}`,
    }),
  },
  delete: {
    verb: "Delete",
    done: "deleted",
    typed: true,
    ask: (who) => ({
      title: `Delete ${who}?`,
      what: "It disappears from the list and its certificate is refused. Its events stay searchable until they are old enough to go.",
      undo: "This can't be undone.",
      verb: `Delete ${who}`,
    }),
  },
};
