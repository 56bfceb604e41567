import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "email" | "password" | "datetime-local";
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly required?: boolean;
  readonly machine?: boolean;
  /** Said behind the input: `days`. */
  readonly unit?: string;
  readonly autocomplete?: "off" | "email" | "name" | "organization" | "username" | "current-password" | "new-password";
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly autofocus?: boolean;
}

/** A labelled input with its hint and its error under it, both read out with it. */
export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  const described = [props.unit ? `${id}-unit` : "", props.hint ? `${id}-hint` : "", props.error ? `${id}-error` : ""]
    .filter(Boolean)
    .join(" ");
  const input = (
    <input
      id={id}
      class={props.machine ? "input machine" : "input"}
      // Preact types an input by the roles its kind may have; the kinds here share one.
      type={(props.type ?? "text") as "text"}
      value={props.value}
      required={props.required ?? false}
      {...(props.type === "datetime-local" ? { step: 1 } : {})}
      {...(props.maxLength === undefined ? {} : { maxLength: props.maxLength })}
      {...(props.placeholder === undefined ? {} : { placeholder: props.placeholder })}
      autoComplete={props.autocomplete ?? "off"}
      spellcheck={false}
      autoFocus={props.autofocus ?? false}
      aria-invalid={props.error !== undefined}
      {...(described ? { "aria-describedby": described } : {})}
      onInput={(event) => props.onInput(event.currentTarget.value)}
    />
  );
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.unit ? (
        <div class="row">
          {input}
          <span id={`${id}-unit`} class="quiet">
            {props.unit}
          </span>
        </div>
      ) : (
        input
      )}
      {props.hint && (
        <div id={`${id}-hint`} class="field-hint">
          {props.hint}
        </div>
      )}
      {props.error && (
        <div id={`${id}-error`} class="field-error" role="alert">
          {props.error}
        </div>
      )}
    </div>
  );
}

/** A labelled choice of a few. */
export function Choice(props: {
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
  onChange: (value: string) => void;
  hint?: string;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} class="input" value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {props.hint && <div class="field-hint">{props.hint}</div>}
    </div>
  );
}

/** One of two or three, all seen at once. */
export function Segments(props: {
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <div class="segments" role="radiogroup" aria-label={props.label}>
      {props.options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === props.value}
          onClick={() => props.onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
