import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  readonly children?: ComponentChildren;
  readonly icon?: IconName;
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly disabled?: boolean;
  readonly busy?: boolean;
  readonly pressed?: boolean;
  readonly type?: "button" | "submit";
  readonly title?: string;
  readonly keys?: string;
  readonly onClick?: (event: MouseEvent) => void;
}

/** A button with words. One `primary` per page at most; `danger` names the dangerous verb. */
export function Button(props: ButtonProps): JSX.Element {
  const { kind = "plain", busy = false, type = "button", icon, children, pressed } = props;
  return (
    <button
      type={type}
      class={`button button-${kind}`}
      disabled={props.disabled || busy}
      aria-busy={busy}
      aria-pressed={pressed}
      title={props.title}
      onClick={props.onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
      {props.keys && <kbd>{props.keys}</kbd>}
    </button>
  );
}

/** A square button that shows only an icon; `label` is its name and hover. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  disabled?: boolean;
  pressed?: boolean;
  onClick: (event: MouseEvent) => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      aria-pressed={props.pressed}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
