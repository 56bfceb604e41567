import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "./button.tsx";

/** Details at the right of a list that stays in view; on a phone it is a page. Esc (bound by the page) closes it. */
export function Pane(props: {
  label: string;
  title: ComponentChildren;
  actions?: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
  /** Scrolls back to the top when it changes. */
  subject: string;
}): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (body.current) body.current.scrollTop = 0;
  }, [props.subject]);
  return (
    <aside class="pane" aria-label={props.label}>
      <header class="pane-head">
        <div class="grow">{props.title}</div>
        {props.actions}
        <IconButton icon="close" label="Close (Esc)" onClick={props.onClose} />
      </header>
      <div class="pane-body" ref={body} tabIndex={-1}>
        {props.children}
      </div>
    </aside>
  );
}

/** One group of fields in a pane or on a page. */
export function Section(props: {
  title: string;
  count?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="section">
      <div class="section-head">
        <h3>{props.title}</h3>
        {props.count !== undefined && <span class="faint">{props.count}</span>}
        <span class="grow" />
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}

/** Names and values, aligned. Entries without a value are left out. */
export function Facts({ items }: { items: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {items
        .filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
