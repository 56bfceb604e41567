/** Types of the expression language. Integers don't mix: a cast makes both sides alike. */
export type CelIntType = "int32" | "uint32" | "int64" | "uint64";
export type CelType = CelIntType | "bool";

/** A checked expression; every node carries its type. */
export type CelNode =
  | { readonly op: "literal"; readonly type: CelIntType; readonly value: bigint }
  | { readonly op: "literal"; readonly type: "bool"; readonly value: boolean }
  /** The value in this slot, widened to 32 bits where it is narrower. */
  | { readonly op: "arg"; readonly type: CelIntType; readonly slot: number }
  | { readonly op: "not"; readonly type: "bool"; readonly operand: CelNode }
  /** Two's complement of all bits. */
  | { readonly op: "bitNot"; readonly type: CelIntType; readonly operand: CelNode }
  /** Truncates, or extends by the operand's sign. */
  | { readonly op: "cast"; readonly type: CelIntType; readonly operand: CelNode }
  /** Both sides have one type; order is that type's, signed or unsigned. "eq" and "ne" also take bool. */
  | {
      readonly op: "and" | "or" | "eq" | "ne" | "lt" | "le" | "gt" | "ge";
      readonly type: "bool";
      readonly left: CelNode;
      readonly right: CelNode;
    }
  /** Wraps around at the type's width. */
  | {
      readonly op: "add" | "subtract" | "bitAnd" | "bitOr" | "bitXor";
      readonly type: CelIntType;
      readonly left: CelNode;
      readonly right: CelNode;
    };
