import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly hint?: string;
  readonly checked?: boolean;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly href?: string;
  readonly onSelect?: () => void;
}
export type MenuEntry = MenuItem | "line" | { readonly heading: string };

/** A button that opens a list of actions. Arrow keys walk, Enter chooses, Esc closes and gives the focus back. */
export function Menu(props: {
  label: string;
  button: ComponentChildren;
  buttonClass?: string;
  items: readonly MenuEntry[];
  align?: "left" | "right";
  /** Checked items stay open so that several can be chosen. */
  keepOpen?: boolean;
  children?: ComponentChildren;
}): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]:not([disabled]), input")?.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
      return;
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]:not([disabled])") ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <div class="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class={props.buttonClass ?? "button button-plain"}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={props.label}
        title={typeof props.button === "string" || props.buttonClass === "chip" ? undefined : props.label}
        onClick={(event) => {
          event.stopPropagation();
          setOpen(!open);
        }}
      >
        {props.button}
      </button>
      {open && (
        <div class={`menu menu-${props.align ?? "left"}`}>
          <div role="menu" aria-label={props.label}>
            {props.items.map((item, i) => (
              <MenuRow key={i} item={item} close={props.keepOpen ? () => {} : close} />
            ))}
          </div>
          {props.children}
        </div>
      )}
    </div>
  );
}

function MenuRow({ item, close }: { item: MenuEntry; close: () => void }): JSX.Element {
  if (item === "line") return <div class="menu-line" role="separator" />;
  if ("heading" in item)
    return (
      <div class="menu-heading" role="presentation">
        {item.heading}
      </div>
    );
  const body = (
    <>
      {item.checked !== undefined && <span class="menu-check">{item.checked && <Icon name="check" size={14} />}</span>}
      {item.icon && <Icon name={item.icon} />}
      <span class="grow cut">{item.label}</span>
      {item.hint && <span class="faint menu-hint">{item.hint}</span>}
    </>
  );
  const common = { class: item.danger ? "menu-item menu-danger" : "menu-item", tabIndex: -1 };
  if (item.href !== undefined)
    return (
      <a {...common} role="menuitem" href={item.href} onClick={close}>
        {body}
      </a>
    );
  return (
    <button
      {...common}
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={item.checked}
      disabled={item.disabled}
      onClick={(event) => {
        event.stopPropagation();
        close();
        item.onSelect?.();
      }}
    >
      {body}
    </button>
  );
}
