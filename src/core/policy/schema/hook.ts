import { Type, type Static } from "typebox";
import { ARG_TYPES } from "../arg-types.ts";
import { Flag, Text, Texts, Uint32, Uint64 } from "./common.ts";
import { SelectorSpec } from "./selector.ts";

const strict = { additionalProperties: false } as const;

const argFields = {
  type: Type.Optional(Type.Enum(ARG_TYPES)),
  resolve: Type.Optional(Text),
  sizeArgIndex: Type.Optional(Uint32),
  returnCopy: Type.Optional(Flag),
  maxData: Type.Optional(Flag),
  label: Type.Optional(Text),
  source: Type.Optional(Text),
  btfType: Type.Optional(Text),
  btfTypeModule: Type.Optional(Text),
};

/** args, data. */
export const ArgSpec = Type.Object({ index: Uint32, ...argFields }, strict);
export type ArgSpec = Static<typeof ArgSpec>;

/** A function returns one value, so its index needn't be said. */
export const ReturnArgSpec = Type.Object({ index: Type.Optional(Uint32), ...argFields }, strict);
export type ReturnArgSpec = Static<typeof ReturnArgSpec>;

const Args = Type.Array(ArgSpec);
const Selectors = Type.Array(SelectorSpec);
const Tags = Type.Array(Text, { maxItems: 16 });

/** kprobes, fentries. */
export const FunctionSpec = Type.Object(
  {
    call: Text,
    return: Type.Optional(Flag),
    syscall: Type.Optional(Flag),
    message: Type.Optional(Text),
    args: Type.Optional(Args),
    data: Type.Optional(Args),
    returnArg: Type.Optional(ReturnArgSpec),
    returnArgAction: Type.Optional(Text),
    selectors: Type.Optional(Selectors),
    tags: Type.Optional(Tags),
    ignore: Type.Optional(Type.Object({ callNotFound: Type.Optional(Flag) }, strict)),
  },
  strict,
);
export type FunctionSpec = Static<typeof FunctionSpec>;

export const TracepointSpec = Type.Object(
  {
    subsystem: Text,
    event: Text,
    raw: Type.Optional(Flag),
    message: Type.Optional(Text),
    args: Type.Optional(Args),
    selectors: Type.Optional(Selectors),
    tags: Type.Optional(Tags),
  },
  strict,
);
export type TracepointSpec = Static<typeof TracepointSpec>;

const Places = Type.Array(Uint64);

export const UprobeSpec = Type.Object(
  {
    path: Text,
    btfPath: Type.Optional(Text),
    symbols: Type.Optional(Texts),
    offsets: Type.Optional(Places),
    addrs: Type.Optional(Places),
    refCtrOffsets: Type.Optional(Places),
    message: Type.Optional(Text),
    args: Type.Optional(Args),
    data: Type.Optional(Args),
    return: Type.Optional(Flag),
    returnArg: Type.Optional(ReturnArgSpec),
    selectors: Type.Optional(Selectors),
    tags: Type.Optional(Tags),
    binaryDigests: Type.Optional(Texts),
    ignore: Type.Optional(Type.Object({ digestVerificationFailure: Type.Optional(Flag) }, strict)),
  },
  strict,
);
export type UprobeSpec = Static<typeof UprobeSpec>;

export const UsdtSpec = Type.Object(
  {
    path: Text,
    btfPath: Type.Optional(Text),
    provider: Text,
    name: Text,
    message: Type.Optional(Text),
    args: Type.Optional(Args),
    selectors: Type.Optional(Selectors),
    tags: Type.Optional(Tags),
  },
  strict,
);
export type UsdtSpec = Static<typeof UsdtSpec>;

export const LsmSpec = Type.Object(
  {
    hook: Text,
    message: Type.Optional(Text),
    args: Type.Optional(Args),
    selectors: Type.Optional(Selectors),
    tags: Type.Optional(Tags),
  },
  strict,
);
export type LsmSpec = Static<typeof LsmSpec>;
