import { concat, fromHex, sha256, toHex } from "./hash.ts";

// RFC 9162: leaves and nodes are hashed with different first bytes, so that no node can pass for a leaf.
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf's bytes. */
export function merkleLeaf(bytes: Uint8Array): Uint8Array {
  return sha256(concat(LEAF, bytes));
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE, left, right));
}

/** All levels of the tree, leaves first; the last node of an odd level goes up as it is. */
function levels(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const all = [[...leaves]];
  for (let level = all[0]!; level.length > 1; all.push(level)) {
    const below = level;
    level = [];
    for (let i = 0; i < below.length; i += 2)
      level.push(i + 1 < below.length ? node(below[i]!, below[i + 1]!) : below[i]!);
  }
  return all;
}

/** Root over leaf hashes, hex; of no leaves, the hash of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): string {
  return toHex(leaves.length === 0 ? sha256("") : levels(leaves).at(-1)![0]!);
}

/** What is needed beside leaf `index` to come to the root, from the bottom up, hex. */
export function merklePath(leaves: readonly Uint8Array[], index: number): string[] {
  const path: string[] = [];
  let at = index;
  for (const level of levels(leaves).slice(0, -1)) {
    const beside = level[at ^ 1];
    if (beside) path.push(toHex(beside));
    at >>= 1;
  }
  return path;
}

/** Root that a leaf with its path leads to, hex; undefined when the path does not fit the tree's size. */
export function rootOfPath(leaf: Uint8Array, index: number, size: number, path: readonly string[]): string | undefined {
  if (index < 0 || index >= size) return undefined;
  let hash = leaf;
  let at = index;
  let used = 0;
  for (let width = size; width > 1; width = (width + 1) >> 1, at >>= 1) {
    // The last one of an odd level has nothing beside it.
    if ((at ^ 1) >= width) continue;
    const beside = path[used++];
    if (beside === undefined) return undefined;
    hash = at & 1 ? node(fromHex(beside), hash) : node(hash, fromHex(beside));
  }
  return used === path.length ? toHex(hash) : undefined;
}
