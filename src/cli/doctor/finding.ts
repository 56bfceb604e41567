/** What one check found: ok, limited (works with less), missing (cannot run here), unknown (could not be looked at). */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "limited" | "missing" | "unknown";
  readonly message: string;
  readonly hint?: string;
}
