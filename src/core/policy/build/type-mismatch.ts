import type { ArgRef } from "../model-filter.ts";
import type { ArgSelector } from "../schema/selector.ts";
import type { Context } from "./context.ts";

/** Says that the operator can't look at a value of this type. */
export function refuseType(spec: ArgSelector, arg: ArgRef, wanted: string, ctx: Context): undefined {
  const message = `${spec.operator} looks at ${wanted}, and this value is of the type '${arg.type}'.`;
  ctx.error("filter.type-mismatch", spec, "operator", message);
}
