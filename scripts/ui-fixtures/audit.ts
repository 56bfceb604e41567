import type { AuditRecord } from "../../src/core/api/audit.ts";

/** The audit log's newest records, one a quarter of an hour. */
export function makeAudit(): AuditRecord[] {
  const actions = [
    "auth.sign_in",
    "sensor.disable",
    "enrollment_token.create",
    "event.raw_read",
    "auth.sign_in",
    "sensor.revoke",
  ];
  return Array.from({ length: 140 }, (_, i) => ({
    audit_id: `a${i}`,
    created_at: new Date(Date.now() - i * 913_000).toISOString(),
    action_type: actions[i % actions.length]!,
    outcome: i % 7 === 4 ? "failure" : "success",
    actor_email: i % 11 === 0 ? null : "ada@example.org",
    sensor_id: null,
    detail: { reason: "wrong password", node_name: "db-11" },
    client_ip: "10.20.0.4",
    user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  }));
}
