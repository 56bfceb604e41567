import type { Hook, Selector } from "../model.ts";
import { quoted } from "../problems.ts";

export interface MergedHook {
  readonly hook: Hook;
  /** The hook above that it repeats. */
  readonly first: Hook;
  /** False: it differs in more than its selectors, and stays a hook of its own. */
  readonly isMerged: boolean;
  /** What both are on, for a message. */
  readonly point: string;
}

/**
 * Joins hooks that repeat one above in everything but their selectors; a loader that attaches both reports twice, or heeds
 * only one of them.
 */
export function mergeHooks(hooks: readonly Hook[]): { hooks: readonly Hook[]; repeats: readonly MergedHook[] } {
  const repeats: MergedHook[] = [];
  const byShape = new Map<string, Hook[]>();
  const byPoint = new Map<string, Hook>();
  for (const hook of hooks) {
    const point = pointOf(hook);
    const shape = shapeOf(hook);
    const alike = byShape.get(shape);
    const first = alike?.[0] ?? byPoint.get(`${hook.kind} ${point}`);
    if (first === undefined) byPoint.set(`${hook.kind} ${point}`, hook);
    else repeats.push({ hook, first, isMerged: alike !== undefined, point: quoted(point) });
    if (alike === undefined) byShape.set(shape, [hook]);
    else alike.push(hook);
  }
  return { hooks: [...byShape.values()].map(joined), repeats };
}

function joined(alike: readonly Hook[]): Hook {
  const first = alike[0]!;
  return alike.length === 1 ? first : { ...first, selectors: alike.flatMap(selectorsOf) };
}

/** A hook without selectors matches everything; beside others that must be said. */
function selectorsOf(hook: Hook): readonly Selector[] {
  if (hook.selectors.length > 0) return hook.selectors;
  const { at } = hook;
  const post = { kind: "post", at, kernelStackTrace: false, userStackTrace: false, imaHash: false } as const;
  return [{ at, filters: [], returnFilters: [], actions: [post], returnActions: [] }];
}

function pointOf(hook: Hook): string {
  switch (hook.kind) {
    case "kprobe":
    case "fentry":
      return hook.call;
    case "tracepoint":
    case "rawTracepoint":
      return `${hook.subsystem}/${hook.event}`;
    case "uprobe":
      return `${hook.path} ${toJson(hook.targets)}`;
    case "usdt":
      return `${hook.path} ${hook.provider}/${hook.name}`;
    case "lsm":
      return hook.hook;
  }
}

function shapeOf(hook: Hook): string {
  return toJson({ ...hook, selectors: undefined });
}

/** Without places: two hooks never stand at the same one. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) =>
    key === "at" ? undefined : typeof part === "bigint" ? part.toString() : part,
  );
}
