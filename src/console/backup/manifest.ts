import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { KeyRecipe } from "./seal.ts";

/** Version of the file's own form. */
export const FORMAT = 1;

/** First thing in a file, readable without a passphrase. */
export const Header = Type.Object(
  {
    format: Type.Integer({ minimum: 1 }),
    product_version: Type.String({ maxLength: 64 }),
    created_at: Type.String({ maxLength: 32 }),
    encryption: Type.Optional(KeyRecipe),
  },
  { additionalProperties: false },
);
export type Header = Static<typeof Header>;

const Hash = Type.String({ pattern: "^[0-9a-f]{64}$" });
const Name = Type.String({ pattern: "^(trust|state|events)(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){1,4}$" });

/** What begins an entry: a file of the trust directory, a table of the state, a partition of an event table. */
export const EntryStart = Type.Object(
  {
    name: Name,
    /** Of a table, in the order of its rows' fields. */
    columns: Type.Optional(
      Type.Array(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$", maxLength: 63 }), { maxItems: 1600 }),
    ),
    /** Of a file. */
    mode: Type.Optional(Type.Integer({ minimum: 0, maximum: 0o777 })),
  },
  { additionalProperties: false },
);
export type EntryStart = Static<typeof EntryStart>;

/** What ends an entry; the manifest repeats all of them. */
export const EntryEnd = Type.Object(
  { name: Name, rows: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }), sha256: Hash },
  { additionalProperties: false },
);
export type EntryEnd = Static<typeof EntryEnd>;

const Migrations = Type.Array(
  Type.Object({ version: Type.Integer({ minimum: 1 }), name: Type.String({ maxLength: 128 }), sha256: Hash }),
  { maxItems: 9999 },
);

/** Last thing in a file: without it the file is not whole. */
export const Manifest = Type.Object(
  {
    entries: Type.Array(EntryEnd, { maxItems: 1_000_000 }),
    migrations: Type.Object({ postgresql: Migrations, clickhouse: Migrations }),
    /** Where sequences of the state stood. */
    sequences: Type.Record(Type.String(), Type.String({ pattern: "^[0-9]{1,19}$" })),
    /** Count and hash of each table of the state. */
    state: Type.Record(Type.String(), Type.Object({ rows: Type.Integer(), hash: Type.String() })),
    keys: Type.Boolean(),
    /** Null: without events; else those since then ("" for all). */
    events_since: Type.Union([Type.Null(), Type.String()]),
    finished_at: Type.String({ maxLength: 32 }),
  },
  { additionalProperties: false },
);
export type Manifest = Static<typeof Manifest>;

export const checkHeader = compile(Header);
export const checkStart = compile(EntryStart);
export const checkEnd = compile(EntryEnd);
export const checkManifest = compile(Manifest);
