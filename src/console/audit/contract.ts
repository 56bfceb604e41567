/** One thing that was done or refused; `detail` names no secret. */
export interface AuditEntry {
  /**
   * Undefined when the deed belongs to nobody yet (sign-in with an unknown address, an unknown token): the record then goes to the
   * installation's first tenant. Before there is one, it goes to the Console's log as a warning and is counted.
   */
  readonly tenantId: string | undefined;
  /** snake_case verb phrase, stable: it is searched for. */
  readonly actionType: string;
  readonly outcome: "success" | "failure";
  /** Absent for what the Console or a sensor does by itself. */
  readonly actorEmail?: string | undefined;
  readonly sensorId?: string | undefined;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** The audit log, as those who write to it see it. */
export interface AuditLog {
  /** Resolves once the record is stored; rejects when it could not be: what must not happen unrecorded waits for it. */
  record(entry: AuditEntry): Promise<void>;
}
