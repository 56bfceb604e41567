import type { StringFilter } from "../model-filter.ts";
import type { ArgOperator } from "../schema/selector.ts";

/** What an operator of matchArgs comes down to. */
export type Operation =
  | { readonly kind: "equal"; readonly negate: boolean }
  | {
      readonly kind: "text";
      readonly op: Exclude<StringFilter["op"], "Equal">;
      readonly ignoreCase: boolean;
      readonly negate: boolean;
    }
  | { readonly kind: "compare"; readonly op: "GT" | "LT" | "Mask" }
  | { readonly kind: "map" | "range"; readonly negate: boolean }
  | {
      readonly kind: "port" | "privilegedPort" | "address";
      readonly side: "source" | "destination";
      readonly negate: boolean;
    }
  | { readonly kind: "socketField"; readonly field: "protocol" | "family" | "state" }
  | { readonly kind: "fileType"; readonly negate: boolean }
  | { readonly kind: "capabilitiesGained" }
  | { readonly kind: "cel" };

const text = (op: Exclude<StringFilter["op"], "Equal">, negate: boolean, ignoreCase = false): Operation => ({
  kind: "text",
  op,
  negate,
  ignoreCase,
});
const side = (
  kind: "port" | "privilegedPort" | "address",
  where: "source" | "destination",
  negate: boolean,
): Operation => ({ kind, side: where, negate });

export const OPERATIONS: Readonly<Record<ArgOperator, Operation>> = {
  Equal: { kind: "equal", negate: false },
  NotEqual: { kind: "equal", negate: true },
  Prefix: text("Prefix", false),
  NotPrefix: text("Prefix", true),
  Postfix: text("Postfix", false),
  NotPostfix: text("Postfix", true),
  SubString: text("SubString", false),
  SubStringIgnCase: text("SubString", false, true),
  GreaterThan: { kind: "compare", op: "GT" },
  GT: { kind: "compare", op: "GT" },
  LessThan: { kind: "compare", op: "LT" },
  LT: { kind: "compare", op: "LT" },
  Mask: { kind: "compare", op: "Mask" },
  InMap: { kind: "map", negate: false },
  NotInMap: { kind: "map", negate: true },
  InRange: { kind: "range", negate: false },
  NotInRange: { kind: "range", negate: true },
  SPort: side("port", "source", false),
  NotSPort: side("port", "source", true),
  SPortPriv: side("privilegedPort", "source", false),
  NotSportPriv: side("privilegedPort", "source", true),
  NotSPortPriv: side("privilegedPort", "source", true),
  DPort: side("port", "destination", false),
  NotDPort: side("port", "destination", true),
  DPortPriv: side("privilegedPort", "destination", false),
  NotDPortPriv: side("privilegedPort", "destination", true),
  SAddr: side("address", "source", false),
  NotSAddr: side("address", "source", true),
  DAddr: side("address", "destination", false),
  NotDAddr: side("address", "destination", true),
  Protocol: { kind: "socketField", field: "protocol" },
  Family: { kind: "socketField", field: "family" },
  State: { kind: "socketField", field: "state" },
  FileType: { kind: "fileType", negate: false },
  NotFileType: { kind: "fileType", negate: true },
  CapabilitiesGained: { kind: "capabilitiesGained" },
  CelExpr: { kind: "cel" },
};
