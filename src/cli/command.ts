export interface FlagSpec {
  readonly name: string;
  /** Word shown for the value; a flag without one is a switch. */
  readonly value?: string;
  readonly help: string;
  /** May be given more than once. */
  readonly many?: boolean;
  readonly default?: string;
  /** What its value is called in what checks it, where that is not the flag's name. */
  readonly field?: string;
}

/** Values of one call, by flag name: a string, a list for repeatable flags, true for switches. */
export type Flags = Readonly<Record<string, string | readonly string[] | true | undefined>>;

export interface CommandSpec {
  /** Words that select it: `console serve`. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly args?: string;
  readonly flags: readonly FlagSpec[];
  readonly examples?: readonly string[];
  /** Left out of help and completions. */
  readonly hidden?: boolean;
  /** Loads the command's code, so that a cheap command does not pay for a role. */
  readonly load: () => Promise<{ run: (call: Call) => Promise<number> }>;
}

export interface Call {
  /** Words it was called by: a command may have more than one name. */
  readonly name: string;
  readonly flags: Flags;
  readonly args: readonly string[];
  /** Aborts on SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Exit codes: 0 well, 1 failed, 2 called wrongly, 3 well but with findings (doctor). */
export const EXIT = { ok: 0, failed: 1, usage: 2, findings: 3 } as const;

/** A flag's text, or undefined. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Texts of a repeatable flag. */
export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
}
