import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

const WAIT_MS = 350;
const WIDTH = 320;
const EDGE = 8;

/**
 * A small card under what it explains, after resting on it with the pointer or the focus. `card` is called only then, so it
 * may fetch. Esc or leaving closes it; so does a press, which opens what is beneath.
 */
export function HoverCard(props: { card: () => JSX.Element; children: ComponentChildren }): JSX.Element {
  const anchor = useRef<HTMLSpanElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [at, setAt] = useState<{ left: number; top: number } | undefined>(undefined);
  const id = useId();
  const close = (): void => {
    clearTimeout(timer.current);
    setAt(undefined);
  };
  const wait = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const box = anchor.current?.firstElementChild?.getBoundingClientRect();
      if (!box) return;
      setAt({ left: Math.max(EDGE, Math.min(box.left, window.innerWidth - WIDTH - EDGE)), top: box.bottom + 4 });
    }, WAIT_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!at) return;
    // The card stands where the chip was: when the page scrolls under it, it goes.
    window.addEventListener("scroll", close, { capture: true, passive: true });
    return () => window.removeEventListener("scroll", close, { capture: true });
  }, [at]);
  return (
    <span
      ref={anchor}
      class="hover-anchor"
      aria-describedby={at ? id : undefined}
      onPointerEnter={(event) => event.pointerType === "mouse" && wait()}
      onPointerLeave={close}
      onPointerDown={close}
      onFocusIn={wait}
      onFocusOut={close}
      onKeyDown={close}
    >
      {props.children}
      {at && (
        <div
          id={id}
          role="tooltip"
          class="hover-card"
          style={{ left: `${at.left}px`, top: `${at.top}px`, width: `${WIDTH}px` }}
        >
          {props.card()}
        </div>
      )}
    </span>
  );
}
