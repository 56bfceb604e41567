import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { EventFilter } from "../../core/api/events.ts";
import { rememberSearch, searches } from "../prefs.ts";
import { kindTitle } from "../words.ts";
import { Icon } from "./icon.tsx";
import { complete, parseQueryText, type QueryField } from "./query-text.ts";

/**
 * Where a search is written. Enter hands over what was understood and clears the text; filters in force stand before it
 * as tokens (`children`). Errors are shown under the very characters.
 */
export function QueryBar(props: {
  onFilter: (filter: EventFilter) => void;
  onRemoveLast: () => void;
  seen: Readonly<Partial<Record<QueryField, readonly string[]>>>;
  /** What the search would show, in words, with what is written now added to it. */
  explain: (more: EventFilter) => string;
  children?: ComponentChildren;
  initial?: string;
}): JSX.Element {
  const [text, setText] = useState(props.initial ?? "");
  const [cursor, setCursor] = useState(text.length);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const [tried, setTried] = useState(props.initial !== undefined);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const parsed = parseQueryText(text);
  const done = complete(text, cursor, props.seen, kindTitle);
  const history =
    text === "" ? searches.value.slice(0, 5).map((s) => ({ insert: s, label: s, hint: "searched before" })) : [];
  const options = [...history, ...done.options].slice(0, 12);
  const error = tried ? parsed.errors[0] : undefined;
  useEffect(() => setAt(-1), [text]);

  const submit = (): void => {
    setTried(true);
    if (parsed.errors.length > 0 || text.trim() === "") return;
    rememberSearch(text.trim());
    props.onFilter(parsed.filter);
    setText("");
    setTried(false);
    setOpen(false);
  };
  const take = (index: number): void => {
    const option = options[index];
    if (!option) return;
    const next =
      index < history.length ? option.insert : text.slice(0, done.start) + option.insert + text.slice(cursor);
    const end = index < history.length ? next.length : done.start + option.insert.length;
    setText(next);
    setCursor(end);
    input.current?.focus();
    requestAnimationFrame(() => input.current?.setSelectionRange(end, end));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      setOpen(true);
      setAt((old) => Math.max(-1, Math.min(options.length - 1, old + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Tab" && open && options.length > 0 && text !== "") take(Math.max(0, at));
    else if (event.key === "Enter") {
      if (open && at >= 0) take(at);
      else submit();
    } else if (event.key === "Escape") {
      if (open) setOpen(false);
      else input.current?.blur();
    } else if (event.key === "Backspace" && text === "") {
      props.onRemoveLast();
      return;
    } else return;
    event.preventDefault();
  };

  return (
    <div class="query">
      <div class="query-box" onClick={() => input.current?.focus()}>
        <Icon name="search" />
        {props.children}
        <input
          ref={input}
          class="query-input machine"
          value={text}
          role="combobox"
          aria-label="Search events"
          aria-expanded={open && options.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          aria-invalid={error !== undefined}
          aria-describedby={open && !error ? `${id}-explain` : undefined}
          placeholder="Search: words, or kind:file_write node:db-17"
          spellcheck={false}
          autoComplete="off"
          id="query-input"
          onInput={(event) => {
            setText(event.currentTarget.value);
            setCursor(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
            setOpen(true);
            setTried(false);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        <kbd class="query-key">/</kbd>
      </div>
      {error && (
        <div class="query-error" role="alert">
          <pre class="machine" aria-hidden="true">
            {text.slice(0, error.start)}
            <mark>{text.slice(error.start, error.end)}</mark>
            {text.slice(error.end)}
          </pre>
          <p>{error.message}</p>
        </div>
      )}
      {open && !error && (
        <div class="query-list">
          <p class="query-explain" id={`${id}-explain`}>
            <span class="faint">Shows</span> {parsed.errors.length > 0 ? "…" : props.explain(parsed.filter)}
          </p>
          <ul id={`${id}-list`} role="listbox" aria-label="Completions" hidden={options.length === 0}>
            {options.map((option, i) => (
              <li
                key={`${option.label}${i}`}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === at}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(i);
                }}
              >
                <span class="machine cut">{option.label}</span>
                <span class="faint cut">{option.hint}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
