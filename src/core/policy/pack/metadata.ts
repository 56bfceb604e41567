import { Type, type Static } from "typebox";
import { EVENT_KINDS } from "../../event/kinds.ts";
import { SEVERITIES } from "../../event/severity.ts";
import { PolicyName, Sentence, Title } from "./common.ts";
import { SelfTestStep } from "./self-test.ts";

const Kind = Type.Enum([...EVENT_KINDS]);
/** A call, hook or tracepoint of the policy. */
const HookName = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });

/** `<policy>.meta.yaml`: what people and the Console have to know of a policy beside its hooks. */
export const PolicyMetadata = Type.Object(
  {
    title: Title,
    /** What it catches. */
    description: Sentence,
    why: Sentence,
    /** Honest work that it reports too. */
    noise: Sentence,
    /** MITRE ATT&CK techniques. */
    mitre: Type.Array(Type.String({ pattern: "^T\\d{4}(\\.\\d{3})?$" }), {
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
    }),
    /** MITRE FiGHT techniques, of 5G networks. */
    fight: Type.Optional(
      Type.Array(Type.String({ pattern: "^FGT\\d{4}(\\.\\d{3})?$" }), { minItems: 1, maxItems: 8, uniqueItems: true }),
    ),
    severity: Type.Enum([...SEVERITIES]),
    /** Kind of its events. */
    kind: Kind,
    /** Kind of the events of single hooks, by call, hook or tracepoint, where it is another. */
    kinds: Type.Optional(Type.Record(HookName, Kind)),
    /** Severity of the events of single hooks, where it is another. */
    severities: Type.Optional(Type.Record(HookName, Type.Enum([...SEVERITIES]))),
    /** Loaded only where this policy's hooks are not to be had. */
    fallbackOf: Type.Optional(PolicyName),
    /** Policies that see the same where this one's hooks are not to be had. */
    coveredBy: Type.Optional(Type.Array(PolicyName, { minItems: 1, maxItems: 8, uniqueItems: true })),
    selfTest: Type.Array(SelfTestStep, { minItems: 1, maxItems: 32 }),
  },
  { additionalProperties: false },
);
export type PolicyMetadata = Static<typeof PolicyMetadata>;
