/** Row of GET /api/v1/audit?limit=&cursor= (operator). */
export interface AuditRecord {
  readonly audit_id: string;
  readonly created_at: string;
  readonly action_type: string;
  readonly outcome: "success" | "failure";
  readonly actor_email: string | null;
  readonly sensor_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly client_ip: string | null;
  readonly user_agent: string | null;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  readonly next_cursor: string | null;
}
