import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { createLog } from "../../core/log.ts";
import { Metrics } from "../../core/metrics.ts";
import { createAuditLog } from "./service.ts";
import { storable } from "./storable.ts";
import type { AuditStore } from "./store.ts";

function withStore(insert: AuditStore["insert"]) {
  const metrics = new Metrics();
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const store: AuditStore = { insert, list: () => Promise.resolve([]) };
  return { audit: createAuditLog({ store, clock: new ManualClock(), log, metrics }), metrics, lines };
}
const entry = { tenantId: "t", actionType: "sensor_revoked", outcome: "success", detail: { node: "n1" } } as const;

describe("a record that cannot be stored", () => {
  test("stands in the log in full, is counted, and its writer is told", async () => {
    const down = new AppError("unavailable", "the state database does not answer");
    const { audit, metrics, lines } = withStore(() => Promise.reject(down));
    expect(await audit.record(entry).catch((error: unknown) => error)).toBe(down);
    expect(metrics.value("telovix_console_audit_records_total", { to: "failed" })).toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "error", record: entry });
  });

  test("goes to the log when there is no tenant yet", async () => {
    const { audit, metrics, lines } = withStore(() => Promise.resolve(false));
    await audit.record({ ...entry, tenantId: undefined });
    expect(metrics.value("telovix_console_audit_records_total", { to: "log" })).toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "warn", record: { actionType: "sensor_revoked" } });
  });
});

describe("storable", () => {
  test("makes any detail fit jsonb: bounded, well-formed, without NUL", () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 8, withBigInt: true, withDate: true }), (value) => {
        const text = JSON.stringify(storable(value)) ?? "null";
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/);
      }),
    );
    expect(storable({ a: "\u0000\ud800", b: 1n, c: undefined, d: Number.NaN, e: "x".repeat(9999) })).toEqual({
      a: "\ufffd\ufffd",
      b: "1",
      d: "[number]",
      e: `${"x".repeat(4096)}…`,
    });
  });
});
