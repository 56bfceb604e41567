import { Type, type Static } from "typebox";
import { Text, Texts } from "./common.ts";

const strict = { additionalProperties: false } as const;

/** A Kubernetes label selector. */
export const LabelSelector = Type.Object(
  {
    matchLabels: Type.Optional(
      Type.Record(
        Type.String(),
        Type.String({
          maxLength: 63,
          pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
          patternHint:
            "A label value has letters, digits, '-', '_' and '.', and begins and ends with a letter or digit.",
        }),
      ),
    ),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Text,
            operator: Type.Enum(["In", "NotIn", "Exists", "DoesNotExist"]),
            values: Type.Optional(Texts),
          },
          strict,
        ),
      ),
    ),
  },
  strict,
);
export type LabelSelector = Static<typeof LabelSelector>;
