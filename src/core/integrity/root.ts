import { Type, type Static } from "typebox";
import { canonicalBytes, type Json } from "../sign/canonical.ts";
import { Epoch, Seq, Uuid } from "../wire/common.ts";
import { sha256, toHex } from "./hash.ts";
import { merkleLeaf } from "./merkle.ts";

export const Hash = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** RFC 3339 in UTC. */
const Time = Type.String({ maxLength: 40, pattern: "^\\d{4}-\\d\\d-\\d\\dT[0-9:.]{8,16}Z$" });

/** The stretch of one chain that a root covers: its links from behind `previous` up to `head`. */
export const RootLeaf = Type.Object(
  {
    sensor_id: Uuid,
    epoch: Epoch,
    first_seq: Seq,
    last_seq: Seq,
    links: Seq,
    events: Seq,
    missing: Seq,
    previous: Hash,
    head: Hash,
  },
  { additionalProperties: false },
);
export type RootLeaf = Static<typeof RootLeaf>;

/** What is signed each hour: the Merkle root over all chains that went on in it, chained to the root before. */
const ROOT_FIELDS = {
  version: Type.Literal(1),
  tenant_id: Uuid,
  /** Start of the hour. */
  hour: Time,
  merkle_root: Hash,
  /** Chains, and what their stretches hold together. */
  leaves: Seq,
  links: Seq,
  events: Seq,
  missing: Seq,
  /** `rootHash` of the root before; zeros for the first. */
  previous: Hash,
  signed_at: Time,
  /** First 32 hex digits of the SHA-256 of the public key (SPKI, DER). */
  key_id: Type.String({ pattern: "^[0-9a-f]{32}$" }),
};
export type Root = Static<ReturnType<typeof Type.Object<typeof ROOT_FIELDS>>>;
export const SignedRoot = Type.Object(
  { ...ROOT_FIELDS, signature: Type.String({ pattern: "^[A-Za-z0-9+/]{86}==$" }) },
  { additionalProperties: false },
);
export type SignedRoot = Static<typeof SignedRoot>;

/** The part of a signed root that the signature stands over. */
export function rootOf({ signature: _signature, ...root }: SignedRoot): Root {
  return root;
}

/** What the next root names as its previous one, hex. */
export function rootHash(root: Root): string {
  return toHex(sha256(canonicalBytes(root as unknown as Json)));
}

/** Hash of a chain's stretch in the Merkle tree. */
export function leafHash(leaf: RootLeaf): Uint8Array {
  const { sensor_id, epoch, first_seq, last_seq, links, events, missing, previous, head } = leaf;
  return merkleLeaf(canonicalBytes({ sensor_id, epoch, first_seq, last_seq, links, events, missing, previous, head }));
}

/** Id of a public key (PEM). */
export function keyId(publicPem: string): string {
  const der = Buffer.from(publicPem.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return toHex(sha256(Uint8Array.from(der))).slice(0, 32);
}
