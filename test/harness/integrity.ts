import {
  countMissing,
  leafOf,
  leafPrefix,
  Leaves,
  linkOf,
  missingText,
  type MissingRange,
} from "../../src/core/integrity/chain.ts";
import { ExportWriter } from "../../src/core/integrity/export-writer.ts";
import { toHex, ZERO_HASH } from "../../src/core/integrity/hash.ts";
import { merklePath, merkleRoot } from "../../src/core/integrity/merkle.ts";
import { keyId, leafHash, rootHash, type Root, type RootLeaf, type SignedRoot } from "../../src/core/integrity/root.ts";
import type { Json } from "../../src/core/sign/canonical.ts";
import type { Signer } from "../../src/core/sign/ed25519.ts";

export const TENANT = "01980000-0000-7000-8000-000000000001";
export const SENSOR = "01980000-0000-7000-8000-000000000002";
export const CHAIN_EPOCH = "00000000000000aa";

export interface SampleBlock {
  readonly first: number;
  readonly last: number;
  readonly missing?: readonly MissingRange[];
}

const text = (seq: number): string =>
  JSON.stringify({ seq, kind: "process_exec", observed_at_us: 1_780_000_000_000_000 + seq, message: `ä ${seq}` });
const raw = (seq: number): string => (seq % 2 ? `{"line":${seq}}\n` : "");

/** A root of an hour over the given chains, signed. */
export async function signRoot(
  signer: Signer,
  leaves: readonly RootLeaf[],
  hour: string,
  previous: string,
): Promise<SignedRoot> {
  const sum = (key: "links" | "events" | "missing"): number => leaves.reduce((n, leaf) => n + leaf[key], 0);
  const root: Root = {
    version: 1,
    tenant_id: TENANT,
    hour,
    merkle_root: merkleRoot(leaves.map(leafHash)),
    leaves: leaves.length,
    links: sum("links"),
    events: sum("events"),
    missing: sum("missing"),
    previous,
    signed_at: hour,
    key_id: keyId(signer.publicPem),
  };
  return { ...root, signature: await signer.sign(root as unknown as Json) };
}

/** An export of one sequence: each hour's blocks come under a root among those of other sensors. `unsigned` blocks come under none. */
export async function sampleExport(
  signer: Signer,
  hours: readonly (readonly SampleBlock[])[],
  unsigned: readonly SampleBlock[] = [],
): Promise<string> {
  const prefix = leafPrefix(SENSOR, CHAIN_EPOCH);
  const writer = new ExportWriter();
  const lines: Parameters<ExportWriter["line"]>[0][] = [{ type: "chain", epoch: CHAIN_EPOCH, previous: ZERO_HASH }];
  const roots: SignedRoot[] = [];
  let head = ZERO_HASH;
  const add = (block: SampleBlock): { events: number; missing: number } => {
    const missing = block.missing ?? [];
    const isMissing = (seq: number): boolean => missing.some((m) => seq >= m.from_seq && seq <= m.to_seq);
    const seqs = Array.from({ length: block.last - block.first + 1 }, (_, i) => block.first + i).filter(
      (s) => !isMissing(s),
    );
    const leaves = new Leaves();
    for (const seq of seqs) leaves.add(leafOf(prefix, seq, text(seq), raw(seq)));
    const digest = leaves.digest();
    head = linkOf(head, {
      sensorId: SENSOR,
      epoch: CHAIN_EPOCH,
      firstSeq: block.first,
      lastSeq: block.last,
      events: seqs.length,
      digest,
      missing: missingText(missing),
    });
    lines.push({
      type: "link",
      first_seq: block.first,
      last_seq: block.last,
      events: seqs.length,
      digest,
      missing: [...missing],
      link: head,
      with_events: true,
    });
    for (const seq of seqs)
      lines.push({
        type: "event",
        seq,
        event: text(seq),
        raw: raw(seq),
        leaf: toHex(leafOf(prefix, seq, text(seq), raw(seq))),
      });
    return { events: seqs.length, missing: countMissing(missing) };
  };
  for (const [i, blocks] of hours.entries()) {
    const previous = head;
    const counts = blocks.map(add);
    const leaf: RootLeaf = {
      sensor_id: SENSOR,
      epoch: CHAIN_EPOCH,
      first_seq: blocks[0]!.first,
      last_seq: blocks.at(-1)!.last,
      links: blocks.length,
      events: counts.reduce((n, c) => n + c.events, 0),
      missing: counts.reduce((n, c) => n + c.missing, 0),
      previous,
      head,
    };
    const other = (epoch: string): RootLeaf => ({ ...leaf, epoch, links: 1 });
    const leaves = [other("00000000000000a0"), leaf, other("00000000000000ff")];
    const hour = `2026-06-01T${String(i).padStart(2, "0")}:00:00Z`;
    const last = roots.at(-1);
    const lastRoot = last && (({ signature: _signature, ...root }) => root)(last);
    roots.push(await signRoot(signer, leaves, hour, lastRoot ? rootHash(lastRoot) : ZERO_HASH));
    lines.push({ type: "proof", hour, leaf, index: 1, path: merklePath(leaves.map(leafHash), 1) });
  }
  for (const block of unsigned) add(block);
  const header = writer.line({
    type: "header",
    format: "telovix-integrity",
    version: 1,
    tenant_id: TENANT,
    sensor_id: SENSOR,
    node_name: "db-17",
    from: "2026-06-01T00:00:00Z",
    to: "2026-06-01T03:00:00Z",
    exported_at: "2026-06-02T00:00:00Z",
    kept_from: "2026-03-04T00:00:00Z",
    keys: [{ key_id: keyId(signer.publicPem), public_key: signer.publicPem }],
    roots,
  });
  return header + lines.map((line) => writer.line(line)).join("") + writer.end();
}

/** The export's text with the line sums at its end made to fit again: what somebody with the format's description would do. */
export function resealed(exported: string): string {
  const lines = exported.trimEnd().split("\n").slice(0, -1);
  const writer = new ExportWriter();
  return lines.map((line) => writer.line(JSON.parse(line) as never)).join("") + writer.end();
}
