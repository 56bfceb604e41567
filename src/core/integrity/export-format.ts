import { Type, type Static } from "typebox";
import { Epoch, Pem, Seq, Uuid } from "../wire/common.ts";
import { Hash, RootLeaf, SignedRoot } from "./root.ts";

/** Longest line of an export, in characters. */
export const MAX_LINE_CHARS = 32 * 1024 * 1024;

const closed = { additionalProperties: false } as const;
const Missing = Type.Object(
  { from_seq: Seq, to_seq: Seq, stage: Type.String({ maxLength: 32 }), cause: Type.String({ maxLength: 64 }) },
  closed,
);

/** First line: what the file is, the keys, and every root its chains come under, oldest first. */
const Header = Type.Object(
  {
    type: Type.Literal("header"),
    format: Type.Literal("telovix-integrity"),
    version: Type.Literal(1),
    tenant_id: Uuid,
    sensor_id: Uuid,
    node_name: Type.String({ maxLength: 256 }),
    from: Type.String({ maxLength: 40 }),
    to: Type.String({ maxLength: 40 }),
    exported_at: Type.String({ maxLength: 40 }),
    /** From here on (by the events' own times) the Console lets go of nothing; what is older may have gone. */
    kept_from: Type.String({ maxLength: 40 }),
    keys: Type.Array(Type.Object({ key_id: Type.String({ maxLength: 64 }), public_key: Pem }, closed), {
      maxItems: 64,
    }),
    roots: Type.Array(SignedRoot, { maxItems: 100_000 }),
  },
  closed,
);

/** Begins the links of one sequence; `previous` is the link before the first one given, zeros at its very beginning. */
const ChainLine = Type.Object({ type: Type.Literal("chain"), epoch: Epoch, previous: Hash }, closed);

/**
 * A block. With `with_events` its events follow, each on a line; without, it only carries the chain on to a root, or, when `gone`, its
 * events are not in the store any more. Of one that is `partly_gone` some are, and follow.
 */
const LinkLine = Type.Object(
  {
    type: Type.Literal("link"),
    first_seq: Seq,
    last_seq: Seq,
    events: Seq,
    digest: Hash,
    missing: Type.Array(Missing, { maxItems: 100_000 }),
    link: Hash,
    with_events: Type.Boolean(),
    gone: Type.Optional(Type.Literal(true)),
    partly_gone: Type.Optional(Type.Literal(true)),
  },
  closed,
);

/**
 * An event: its JSON text and raw line as stored. `leaf` says which line is at fault when a digest does not fit. A `late` one is in the
 * store under a number its block says is missing: it is in no digest, and nothing proves it.
 */
const EventLine = Type.Object(
  {
    type: Type.Literal("event"),
    seq: Seq,
    event: Type.String(),
    raw: Type.String(),
    leaf: Hash,
    late: Type.Optional(Type.Literal(true)),
  },
  closed,
);

/** Ties the link before it to the root of an hour. */
const ProofLine = Type.Object(
  {
    type: Type.Literal("proof"),
    hour: Type.String({ maxLength: 40 }),
    leaf: RootLeaf,
    index: Seq,
    path: Type.Array(Hash, { maxItems: 64 }),
  },
  closed,
);

/** Last line: what came before it, so that a file cut off is known for one. `sha256` is of every byte before this line. */
const EndLine = Type.Object({ type: Type.Literal("end"), chains: Seq, links: Seq, events: Seq, sha256: Hash }, closed);

/** A line of `GET /api/v1/integrity/export`. */
export const ExportLine = Type.Union([Header, ChainLine, LinkLine, EventLine, ProofLine, EndLine]);
export type ExportLine = Static<typeof ExportLine>;
export type ExportHeader = Static<typeof Header>;
export type ExportLink = Static<typeof LinkLine>;
export type ExportProof = Static<typeof ProofLine>;
export type ExportEvent = Static<typeof EventLine>;
export type ExportEnd = Static<typeof EndLine>;
