import { Type, type Static } from "typebox";
import { Flag, Text, Texts } from "./common.ts";
import { FunctionSpec, LsmSpec, TracepointSpec, UprobeSpec, UsdtSpec } from "./hook.ts";
import { LabelSelector } from "./labels.ts";
import { SelectorSpec } from "./selector.ts";

const strict = { additionalProperties: false } as const;

export const POLICY_KINDS = ["TracingPolicy", "TracingPolicyNamespaced"] as const;
export const API_VERSION = "cilium.io/v1alpha1";

const TextMap = Type.Record(Type.String(), Text);
const Anything = Type.Optional(Type.Unknown());

/** What a cluster adds to the metadata is let through: people check what they exported. */
const Metadata = Type.Object(
  {
    name: Type.String({
      maxLength: 253,
      pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
      patternHint: "A name has lower case letters, digits, '-' and '.', and begins and ends with a letter or digit.",
    }),
    namespace: Type.Optional(
      Type.String({
        maxLength: 63,
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        patternHint: "A namespace has lower case letters, digits and '-', and begins and ends with a letter or digit.",
      }),
    ),
    labels: Type.Optional(TextMap),
    annotations: Type.Optional(TextMap),
    generateName: Type.Optional(Text),
    uid: Anything,
    resourceVersion: Anything,
    generation: Anything,
    creationTimestamp: Anything,
    deletionTimestamp: Anything,
    deletionGracePeriodSeconds: Anything,
    ownerReferences: Anything,
    finalizers: Anything,
    managedFields: Anything,
    selfLink: Anything,
  },
  strict,
);

export const ListSpec = Type.Object(
  {
    name: Text,
    values: Type.Optional(Texts),
    type: Type.Optional(Type.Enum(["", "syscalls", "generated_syscalls", "generated_ftrace"])),
    pattern: Type.Optional(Text),
    validated: Type.Optional(Flag),
  },
  strict,
);
export type ListSpec = Static<typeof ListSpec>;

const OptionSpec = Type.Object({ name: Text, value: Type.Optional(Text) }, strict);
const EnforcerSpec = Type.Object({ calls: Texts }, strict);

const PolicySpec = Type.Object(
  {
    kprobes: Type.Optional(Type.Array(FunctionSpec)),
    fentries: Type.Optional(Type.Array(FunctionSpec)),
    tracepoints: Type.Optional(Type.Array(TracepointSpec)),
    uprobes: Type.Optional(Type.Array(UprobeSpec)),
    usdts: Type.Optional(Type.Array(UsdtSpec)),
    lsmhooks: Type.Optional(Type.Array(LsmSpec)),
    loader: Type.Optional(Flag),
    lists: Type.Optional(Type.Array(ListSpec)),
    enforcers: Type.Optional(Type.Array(EnforcerSpec)),
    options: Type.Optional(Type.Array(OptionSpec)),
    podSelector: Type.Optional(LabelSelector),
    containerSelector: Type.Optional(LabelSelector),
    hostSelector: Type.Optional(LabelSelector),
    nodeSelector: Type.Optional(LabelSelector),
    selectorsMacros: Type.Optional(Type.Record(Type.String(), SelectorSpec)),
  },
  strict,
);
export type PolicySpec = Static<typeof PolicySpec>;

export const PolicyDocument = Type.Object(
  {
    apiVersion: Type.Enum([API_VERSION]),
    kind: Type.Enum(POLICY_KINDS),
    metadata: Metadata,
    spec: PolicySpec,
  },
  strict,
);
export type PolicyDocument = Static<typeof PolicyDocument>;
