import { listOf, objectOf } from "../normalize/fields.ts";
import { HOST_ONLY } from "../policy/node-selector.ts";
import type { Wish } from "./match.ts";

/** What the engine takes: bytes of the file, workloads in it, control groups of them all together. */
export const FILE_LIMITS = { bytes: 4 * 1024 * 1024, workloads: 4_096, groups: 131_072 } as const;
export type FileLimits = { readonly [K in keyof typeof FILE_LIMITS]: number };

/**
 * What the engine's policies.json asks for, each once; undefined when it is no such file. That a policy is for the host alone is
 * not asked: the engine knows it.
 */
export function wishesOf(text: string): readonly Wish[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const wishes = new Map<string, Wish>();
  for (const entry of listOf(objectOf(value)["workloads"])) {
    const { namespace, selector } = objectOf(entry) as Partial<Record<keyof Wish, unknown>>;
    if (typeof namespace !== "string" || typeof selector !== "string" || selector === HOST_ONLY) continue;
    wishes.set(JSON.stringify([namespace, selector]), { namespace, selector });
  }
  return [...wishes.values()];
}

/** Who a wish is about. */
export interface Answer {
  readonly wish: Wish;
  readonly groups: Iterable<bigint>;
}

/** The text of workloads.json, and how many wishes there was no room for: what is beyond the engine's limits would cost it all of it. */
export function fileOf(
  answers: readonly Answer[],
  limits: FileLimits = FILE_LIMITS,
): { text: string; leftOut: number } {
  const entries: string[] = [];
  let bytes = 2;
  let groups = 0;
  let leftOut = 0;
  for (const { wish, groups: of } of answers) {
    const numbers = [...of].toSorted((a, b) => (a < b ? -1 : 1));
    const { namespace, selector } = wish;
    const texts = `"namespace":${JSON.stringify(namespace)},"selector":${JSON.stringify(selector)}`;
    // Written by hand: the numbers have 64 bits.
    const entry = `{${texts},"cgroups":[${numbers.join(",")}]}`;
    const more = Buffer.byteLength(entry) + 1;
    if (entries.length === limits.workloads || groups + numbers.length > limits.groups || bytes + more > limits.bytes) {
      leftOut++;
      continue;
    }
    entries.push(entry);
    bytes += more;
    groups += numbers.length;
  }
  return { text: `[${entries.join(",")}]`, leftOut };
}
