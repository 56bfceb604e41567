import type { HTMLAttributes, TargetedPointerEvent } from "preact";
import { useState } from "preact/hooks";
import { stepRange, type KeyRange } from "./histogram-keys.ts";
import type { PlotScale } from "./histogram-scale.ts";

const LEAST_DRAG_PX = 5;

interface RangeChoice {
  /** Where the pointer is, and where a drag began; px from the left. */
  readonly hoverX: number | undefined;
  readonly dragX: number | undefined;
  /** The range being chosen by keyboard, ms since 1970. */
  readonly keyMs: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** For the element around the plot. */
  readonly handlers: HTMLAttributes<HTMLDivElement>;
}

/** Hover over a plot, and with `onSelect` the choice of a range in it by dragging or by keyboard. */
export function useRange(
  box: { readonly current: HTMLDivElement | null },
  scale: PlotScale,
  onSelect: ((fromMs: number, toMs: number) => void) | undefined,
): RangeChoice {
  const [hoverX, setHoverX] = useState<number | undefined>(undefined);
  const [dragX, setDragX] = useState<number | undefined>(undefined);
  const [keyRange, setKeyRange] = useState<KeyRange | undefined>(undefined);
  const { fromMs, toMs, stepMs, timeAt } = scale;
  const place = (event: PointerEvent): number => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
  const startOf = (column: number): number => fromMs + column * stepMs;
  const endOf = (column: number): number => Math.min(toMs, startOf(column + 1));
  const keyMs = keyRange && {
    fromMs: startOf(Math.min(keyRange.start, keyRange.end)),
    toMs: endOf(Math.max(keyRange.start, keyRange.end)),
  };
  const hover = {
    onPointerMove: (event: PointerEvent) => setHoverX(place(event)),
    onPointerLeave: () => setHoverX(undefined),
  };
  if (!onSelect) return { hoverX, dragX: undefined, keyMs: undefined, handlers: hover };
  const onPointerUp = (event: PointerEvent): void => {
    setDragX(undefined);
    if (dragX === undefined || Math.abs(place(event) - dragX) < LEAST_DRAG_PX) return;
    const ends = [timeAt(dragX), timeAt(place(event))].toSorted((a, b) => a - b);
    onSelect(Math.round(ends[0]!), Math.round(ends[1]!));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const step = stepRange(keyRange, event.key, event.shiftKey, Math.max(1, Math.ceil((toMs - fromMs) / stepMs)));
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    setKeyRange("range" in step ? step.range : undefined);
    if ("take" in step) onSelect(startOf(step.take.start), endOf(step.take.end));
  };
  return {
    hoverX,
    dragX,
    keyMs,
    handlers: {
      ...hover,
      tabIndex: 0,
      role: "group",
      "aria-label": "Time range: arrows move, Shift widens, Enter takes it",
      onKeyDown,
      onBlur: () => setKeyRange(undefined),
      onPointerDown: (event: TargetedPointerEvent<HTMLDivElement>) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragX(place(event));
      },
      onPointerUp,
      onPointerCancel: () => setDragX(undefined),
    },
  };
}
