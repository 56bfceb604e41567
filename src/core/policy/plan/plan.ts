import type { Field, RecordName, STRUCTS } from "./layout.ts";

/** What a field is in memory. Numbers of 64 bits are unsigned bigints; signed ones are their two's complement. */
type Value<F> = F extends { is: "u64" }
  ? bigint
  : F extends { is: "u8" | "u32" | "i32" }
    ? number
    : F extends { is: "maybe" }
      ? number | null
      : F extends { is: "text" }
        ? string
        : F extends { is: "bytes" }
          ? Uint8Array
          : F extends { is: "enum"; names: readonly (infer N)[] }
            ? N
            : F extends { is: "flags"; names: infer N }
              ? readonly (keyof N)[]
              : F extends { is: "range"; of: infer S extends RecordName }
                ? readonly PlanRecord<S>[]
                : F extends { is: "one"; of: infer S extends RecordName }
                  ? PlanRecord<S> | null
                  : never;

type Kept<T> = { [K in keyof T]: T[K] extends { is: "pad" } ? never : K }[keyof T];

/** A record of the plan with its references followed: text is text, a range is the list it names. */
export type PlanRecord<S extends RecordName> = {
  readonly [K in Kept<(typeof STRUCTS)[S]>]: Value<(typeof STRUCTS)[S][K]>;
};

/** The same, for code that goes by the table. */
export type LooseRecord = Readonly<Record<string, unknown>>;
export type LooseField = Field;

export type PlanPolicy = PlanRecord<"policy">;
export type PlanHook = PlanRecord<"hooks">;
export type PlanArg = PlanRecord<"args">;
export type PlanSelector = PlanRecord<"selectors">;
export type PlanFilter = PlanRecord<"filters">;
export type PlanValue = PlanRecord<"values">;
export type PlanAction = PlanRecord<"actions">;
export type PlanCode = PlanRecord<"code">;

/**
 * One policy, compiled: what native/include/plan.h says, as a tree. Flags stand in the order of their bits. Lists that
 * are the same object are written once.
 */
export interface Plan {
  readonly policy: PlanPolicy;
  readonly hooks: readonly PlanHook[];
}
