import { Type, type Static } from "typebox";
import { LabelSelector } from "./labels.ts";
import { Flag, Int32, Text, Texts, Uint32, Uint64 } from "./common.ts";

const strict = { additionalProperties: false } as const;

export const ARG_OPERATORS = [
  "Equal",
  "NotEqual",
  "Prefix",
  "NotPrefix",
  "Postfix",
  "NotPostfix",
  "GreaterThan",
  "LessThan",
  "GT",
  "LT",
  "Mask",
  "SPort",
  "NotSPort",
  "SPortPriv",
  "NotSportPriv",
  "NotSPortPriv",
  "DPort",
  "NotDPort",
  "DPortPriv",
  "NotDPortPriv",
  "SAddr",
  "NotSAddr",
  "DAddr",
  "NotDAddr",
  "Protocol",
  "Family",
  "State",
  "InMap",
  "NotInMap",
  "CapabilitiesGained",
  "InRange",
  "NotInRange",
  "SubString",
  "SubStringIgnCase",
  "CelExpr",
  "FileType",
  "NotFileType",
] as const;

/** matchArgs, matchData, matchReturnArgs. */
export const ArgSelector = Type.Object(
  {
    index: Type.Optional(Uint32),
    args: Type.Optional(Type.Array(Uint32)),
    operator: Type.Enum(ARG_OPERATORS),
    values: Type.Optional(Texts),
  },
  strict,
);
export type ArgSelector = Static<typeof ArgSelector>;
export type ArgOperator = ArgSelector["operator"];

const InNotIn = Type.Enum(["In", "NotIn"]);

const PidSelector = Type.Object(
  {
    operator: InNotIn,
    values: Type.Array(Uint32),
    isNamespacePID: Type.Optional(Flag),
    followForks: Type.Optional(Flag),
  },
  strict,
);

const BinarySelector = Type.Object(
  {
    operator: Type.Enum(["In", "NotIn", "Prefix", "NotPrefix", "Postfix", "NotPostfix"]),
    values: Texts,
    followChildren: Type.Optional(Flag),
  },
  strict,
);

const NamespaceSelector = Type.Object(
  {
    namespace: Type.Enum([
      "Uts",
      "Ipc",
      "Mnt",
      "Pid",
      "PidForChildren",
      "Net",
      "Time",
      "TimeForChildren",
      "Cgroup",
      "User",
    ]),
    operator: InNotIn,
    values: Texts,
  },
  strict,
);

const NamespaceChangesSelector = Type.Object({ operator: InNotIn, values: Texts }, strict);

const CapabilitySelector = Type.Object(
  {
    type: Type.Optional(Type.Enum(["Effective", "Inheritable", "Permitted"])),
    operator: InNotIn,
    isNamespaceCapability: Type.Optional(Flag),
    values: Texts,
  },
  strict,
);

const WorkloadSelector = Type.Object(
  {
    podSelector: Type.Optional(LabelSelector),
    containerSelector: Type.Optional(LabelSelector),
    hostSelector: Type.Optional(LabelSelector),
  },
  strict,
);

const FD_ACTION =
  "The actions on file descriptors are no longer part of the format: paths are known from the descriptor itself. Give the argument the type 'fd' or 'file' and match on that.";

export const ActionSelector = Type.Object(
  {
    action: Type.Enum(
      [
        "Post",
        "NoPost",
        "Sigkill",
        "Signal",
        "Override",
        "GetUrl",
        "DnsLookup",
        "TrackSock",
        "UntrackSock",
        "NotifyEnforcer",
        "CleanupEnforcerNotification",
        "Set",
      ],
      { removed: { FollowFD: FD_ACTION, UnfollowFD: FD_ACTION, CopyFD: FD_ACTION } },
    ),
    argUrl: Type.Optional(Text),
    argFqdn: Type.Optional(Text),
    argError: Type.Optional(Int32),
    argSig: Type.Optional(Uint32),
    argSock: Type.Optional(Uint32),
    argIndex: Type.Optional(Uint32),
    argValue: Type.Optional(Uint32),
    argRegs: Type.Optional(Texts),
    argNewSymbol: Type.Optional(Text),
    argNewAddr: Type.Optional(Uint64),
    argNewOffset: Type.Optional(Uint64),
    rateLimit: Type.Optional(Text),
    rateLimitScope: Type.Optional(Text),
    kernelStackTrace: Type.Optional(Flag),
    userStackTrace: Type.Optional(Flag),
    imaHash: Type.Optional(Flag),
  },
  {
    ...strict,
    removed: {
      argFd: "The field 'argFd' went with the actions on file descriptors.",
      argName: "The field 'argName' went with the actions on file descriptors.",
    },
  },
);
export type ActionSelector = Static<typeof ActionSelector>;

export const SelectorSpec = Type.Object(
  {
    label: Type.Optional(Text),
    matchPIDs: Type.Optional(Type.Array(PidSelector)),
    matchArgs: Type.Optional(Type.Array(ArgSelector)),
    matchData: Type.Optional(Type.Array(ArgSelector)),
    matchActions: Type.Optional(Type.Array(ActionSelector)),
    matchReturnArgs: Type.Optional(Type.Array(ArgSelector)),
    matchReturnActions: Type.Optional(Type.Array(ActionSelector)),
    matchBinaries: Type.Optional(Type.Array(BinarySelector, { maxItems: 1 })),
    matchParentBinaries: Type.Optional(Type.Array(BinarySelector, { maxItems: 1 })),
    matchNamespaces: Type.Optional(Type.Array(NamespaceSelector)),
    matchNamespaceChanges: Type.Optional(Type.Array(NamespaceChangesSelector)),
    matchCapabilities: Type.Optional(Type.Array(CapabilitySelector)),
    matchCapabilityChanges: Type.Optional(Type.Array(CapabilitySelector)),
    matchWorkloads: Type.Optional(WorkloadSelector),
    macros: Type.Optional(Texts),
  },
  strict,
);
export type SelectorSpec = Static<typeof SelectorSpec>;
