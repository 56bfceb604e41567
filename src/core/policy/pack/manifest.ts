import { Type, type Static } from "typebox";
import { PolicyName, Sentence, Title } from "./common.ts";

/** `pack.yaml`: what the pack is, and its policies in the order they are loaded. */
export const PackManifest = Type.Object(
  {
    /** Also the name of its directory. */
    id: Type.String({ pattern: "^[a-z][a-z0-9-]{2,62}$" }),
    version: Type.String({ pattern: "^(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})$" }),
    title: Title,
    description: Sentence,
    /** Declared roles of the nodes it is made for. */
    roles: Type.Array(Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" }), {
      minItems: 1,
      maxItems: 32,
      uniqueItems: true,
    }),
    /** Its policies hold actions that stop something. They load in monitor mode all the same. */
    enforcementCapable: Type.Boolean(),
    policies: Type.Array(PolicyName, { minItems: 1, maxItems: 128, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type PackManifest = Static<typeof PackManifest>;
