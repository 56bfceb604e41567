import fc from "fast-check";
import { LAYOUTS, RETURN_POSITION, type Field, type RecordName } from "./layout.ts";
import { isArgFilter } from "./check-plan.ts";
import type { Plan, PlanCode, PlanFilter, PlanHook, PlanPolicy, PlanSelector } from "./plan.ts";

/* Plans made up by the table: every field of every record takes any value it can have. For tests. */

const MAX_LIST = 3;

function anyField(field: Field): fc.Arbitrary<unknown> {
  switch (field.is) {
    case "u8":
      return fc.nat(255);
    case "u32":
      return fc.nat(0xffff_ffff);
    case "i32":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "maybe":
      return fc.option(fc.nat(0xffff_fffe));
    case "enum":
      return fc.constantFrom(...field.names);
    case "flags":
      return fc.subarray(Object.keys(field.names));
    case "text":
      return fc.string({ unit: "grapheme", maxLength: 12 });
    case "bytes":
      return fc.uint8Array({ maxLength: 12 });
    case "range":
      return fc.array(anyRecord(field.of), { maxLength: MAX_LIST });
    case "one":
      return fc.option(anyRecord(field.of));
    case "pad":
      return fc.constant(undefined);
  }
}

function anyRecord(name: RecordName): fc.Arbitrary<Record<string, unknown>> {
  const fields = LAYOUTS[name].fields.filter(({ field }) => field.is !== "pad");
  return fc.record(Object.fromEntries(fields.map(({ name: key, field }) => [key, anyField(field)])));
}

/** Positions that the hook has; everything else stays as it came. Undefined when it has none to look at. */
function fitFilter(filter: PlanFilter, positions: readonly number[]): PlanFilter | undefined {
  const fit = (position: number): number => positions[position % positions.length]!;
  // Steps at random do not add up.
  if (filter.kind === "expression") {
    const code: PlanCode[] = [{ op: "const", arg: 0, value: 1n }];
    if (positions.length > 0)
      code.push({ op: "arg", arg: fit(filter.arg), value: 0n }, { op: "lt_s", arg: 0, value: 0n });
    return { ...filter, code };
  }
  if (!isArgFilter(filter)) return filter;
  if (positions.length === 0) return undefined;
  return { ...filter, arg: fit(filter.arg), sub: filter.kind === "caps_gained" ? fit(filter.sub) : filter.sub };
}

function fitHook(hook: PlanHook): PlanHook {
  const atCall = hook.args.map((_, i) => i);
  const atReturn = hook.return_arg ? [...atCall, RETURN_POSITION] : atCall;
  const fit = (list: readonly PlanFilter[], positions: readonly number[]): PlanFilter[] =>
    list.flatMap((f) => fitFilter(f, positions) ?? []);
  const selectors = hook.selectors.map((s): PlanSelector => ({
    ...s,
    filters: fit(s.filters, atCall),
    return_filters: fit(s.return_filters, atReturn),
  }));
  return { ...hook, selectors };
}

/** Any sound plan. */
export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  policy: anyRecord("policy") as unknown as fc.Arbitrary<PlanPolicy>,
  hooks: fc
    .array(anyRecord("hooks") as unknown as fc.Arbitrary<PlanHook>, { maxLength: 4 })
    .map((hooks) => hooks.map(fitHook)),
});
