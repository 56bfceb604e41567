import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RETENTION_DEFAULTS } from "../../core/api/settings.ts";
import { expiryKey, keptFor, wantedExpiries } from "./expiry.ts";

const A = "11111111-1111-4111-8111-111111111111";
const B = "22222222-2222-4222-8222-222222222222";
const days = (events: number) => ({ events, resources: 30, losses: Math.max(90, events) });

describe("how tables let go of rows", () => {
  test("one organisation, or all alike: whole partitions", () => {
    const [events, resources] = wantedExpiries([{ tenantId: A, days: days(30) }]);
    expect(events).toMatchObject({
      table: "runtime_events",
      ttl: "toDateTime(observed_at) + toIntervalDay(30)",
      wholeParts: true,
    });
    // Not partitioned by its own time: row by row.
    expect(resources).toMatchObject({ ttl: "toDateTime(at) + toIntervalDay(30)", wholeParts: false });
    expect(wantedExpiries([])[0]!.ttl).toContain(`toIntervalDay(${RETENTION_DEFAULTS.events})`);
  });

  test("several that differ: each its own, those that are not named the longest", () => {
    const [events] = wantedExpiries([
      { tenantId: B, days: days(90) },
      { tenantId: A, days: days(30) },
    ]);
    expect(events!.ttl).toBe(`toDateTime(observed_at) + toIntervalDay(multiIf(tenant_id = toUUID('${A}'), 30, 90))`);
    expect(events!.wholeParts).toBe(false);
    expect(keptFor(days(30), [{ tenantId: B, days: days(90) }]).events).toEqual({
      at_least_days: 30,
      gone_after_days: 31,
    });
  });

  test("an expression is known again, and one of somebody else's is not", () => {
    const one = fc.record({ tenantId: fc.uuid(), days: fc.integer({ min: 1, max: 730 }).map(days) });
    const kept = fc.uniqueArray(one, { maxLength: 8, selector: (k) => k.tenantId });
    fc.assert(
      fc.property(kept, (list) => {
        for (const want of wantedExpiries(list)) expect(expiryKey(want.ttl)).toBe(want.key);
      }),
    );
    const parens = `toDateTime(at) + toIntervalDay(multiIf((tenant_id = toUUID('${A}')), 7, 30))`;
    expect(expiryKey(parens)).toBe(`${A}=7 30`);
    expect(expiryKey("toDateTime(observed_at) + toIntervalMonth(3)")).toBeUndefined();
    expect(expiryKey("toDateTime(observed_at) + toIntervalDay(if(severity = 3, 365, 90))")).toBeUndefined();
  });
});
