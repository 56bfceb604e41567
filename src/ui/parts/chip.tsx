import type { JSX } from "preact";
import { formatCount } from "../format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Menu, type MenuEntry } from "./menu.tsx";

export type EntityKind = "process" | "file" | "network" | "sensors" | "person" | "container" | "dns";

/** Something an event speaks of: the same look everywhere, and a menu of what can be done with it. */
export function EntityChip(props: { kind: EntityKind; text: string; menu: readonly MenuEntry[] }): JSX.Element {
  const icon: IconName = props.kind;
  return (
    <Menu
      label={`${props.text}: actions`}
      buttonClass="chip"
      button={
        <>
          <Icon name={icon} size={14} />
          <span class="machine cut">{props.text}</span>
        </>
      }
      items={props.menu}
    />
  );
}

/** A filter in force; the cross takes it away. */
export function Token(props: { field: string; value: string; title?: string; onRemove: () => void }): JSX.Element {
  return (
    <span class="token" title={props.title}>
      <span class="faint">{props.field}</span>
      <span class="cut">{props.value}</span>
      <button type="button" aria-label={`Remove filter ${props.field} ${props.value}`} onClick={props.onRemove}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

/** Ranked values with bars of equal scale. */
export function BarList(props: {
  label: string;
  items: readonly {
    readonly key: string;
    readonly label: string;
    readonly value: number;
    readonly href?: string;
    readonly title?: string;
    /** Instead of the value. */
    readonly text?: string;
  }[];
}): JSX.Element {
  const most = Math.max(1, ...props.items.map((item) => item.value));
  return (
    <ul class="bars" aria-label={props.label}>
      {props.items.map((item) => (
        <li key={item.key} title={item.title}>
          <a {...(item.href === undefined ? {} : { href: item.href })}>
            <span class="bar" style={{ width: `${Math.max(1, (item.value / most) * 100)}%` }} />
            <span class="bar-label cut">{item.label}</span>
            <span class="bar-value">{item.text ?? formatCount(item.value)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
