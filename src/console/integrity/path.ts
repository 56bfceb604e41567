import { ZERO_HASH } from "../../core/integrity/hash.ts";
import type { Head, LinkRow } from "./store.ts";

/** The way from a link back to `start`, or as far as the given links reach; oldest first. */
function wayTo(last: LinkRow, start: string, byLink: ReadonlyMap<string, LinkRow>): LinkRow[] {
  const way: LinkRow[] = [];
  for (let at: LinkRow | undefined = last; at && way.length <= byLink.size; at = byLink.get(at.previous)) {
    way.push(at);
    if (at.previous === start) break;
  }
  return way.toReversed();
}

/**
 * The links that go on from where a chain was left, as far as they reach. Where two Consoles sealed the same numbers side by side, all
 * take the same way: the one that reaches furthest. When none goes on from there, the chain was begun anew, and that way is taken.
 */
export function pickPath(links: readonly LinkRow[], from: Head | undefined): LinkRow[] {
  const byLink = new Map(links.map((link) => [link.link, link]));
  const ends = links.toSorted((a, b) => b.last_seq - a.last_seq || (a.link < b.link ? -1 : 1));
  const start = from?.link ?? ZERO_HASH;
  let other: LinkRow[] = [];
  for (const end of ends) {
    const way = wayTo(end, start, byLink);
    if (way[0]!.previous === start) return way;
    if (other.length === 0) other = way;
  }
  return other;
}
