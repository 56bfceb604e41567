import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";

export interface Question {
  readonly title: string;
  /** What will happen, to how many. */
  readonly what: string;
  /** How it can be undone, or that it can't. */
  readonly undo: string;
  readonly verb: string;
  /** For the irreversible: the name to be typed. */
  readonly typed?: string;
  readonly danger?: boolean;
}

const asked = signal<{ question: Question; answer: (yes: boolean) => void } | undefined>(undefined);

/** Asks before something that matters; resolves with the answer. */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer: (yes) => {
        asked.value = undefined;
        resolve(yes);
      },
    };
  });
}

/** The question's own look, for the place where it is asked and for the parts page. */
export function ConfirmBody({ question, answer }: { question: Question; answer: (yes: boolean) => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const ready = question.typed === undefined || typed === question.typed;
  return (
    <form
      class="stack stack-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) answer(true);
      }}
    >
      <p class="prose">{question.what}</p>
      <p class="prose quiet">{question.undo}</p>
      {question.typed !== undefined && (
        <Field label={`Type ${question.typed} to go on`} value={typed} onInput={setTyped} machine />
      )}
      <div class="row dialog-actions">
        <Button onClick={() => answer(false)}>Cancel</Button>
        <Button type="submit" kind={question.danger === false ? "primary" : "danger"} disabled={!ready}>
          {question.verb}
        </Button>
      </div>
    </form>
  );
}

export function Confirmations(): JSX.Element | null {
  const now = asked.value;
  if (!now) return null;
  return (
    <Dialog title={now.question.title} onClose={() => now.answer(false)}>
      <ConfirmBody question={now.question} answer={now.answer} />
    </Dialog>
  );
}
