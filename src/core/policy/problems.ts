import { editDistance } from "../nearest.ts";
import type { Place } from "./read/place.ts";
import type { Problem, Stage } from "./report.ts";

/** More than a person reads; keeps the report of a hostile text small. */
const MAX_PROBLEMS = 200;

/** Collects the problems of one document. */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #told = new Set<string>();
  #errors = 0;

  /** Errors so far, those beyond the kept ones included. */
  get errors(): number {
    return this.#errors;
  }

  error(stage: Stage, rule: string, place: Place, message: string, hint?: Hint): void {
    this.#errors++;
    this.#add("error", stage, rule, place, message, hint);
  }

  warn(stage: Stage, rule: string, place: Place, message: string, hint?: Hint): void {
    this.#add("warning", stage, rule, place, message, hint);
  }

  /** Those errors of others that are wanted. What is only odd may be so for want of what does not fit. */
  addErrors(others: Problems, isWanted: (problem: Problem) => boolean): void {
    for (const problem of others.sorted())
      if (problem.severity === "error" && isWanted(problem))
        this.error(problem.stage, problem.rule, problem, problem.message, problem.hint);
  }

  /** In the order of the text. */
  sorted(): readonly Problem[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  #add(severity: Problem["severity"], stage: Stage, rule: string, place: Place, message: string, hint: Hint): void {
    // What stands in a macro or behind an alias is looked at once per use, and told once.
    const key = `${rule} ${place.line}:${place.column} ${message}`;
    if (this.#told.has(key)) return;
    // An error must stay visible even after a flood of warnings.
    if (this.#list.length >= MAX_PROBLEMS && !(severity === "error" && this.#errors === 1)) return;
    this.#told.add(key);
    const { line, column, path } = place;
    const told = typeof hint === "function" ? hint() : hint;
    this.#list.push({
      stage,
      rule,
      severity,
      line,
      column,
      path,
      message,
      ...(told === undefined ? {} : { hint: told }),
    });
  }
}

/** Text without characters that could do something to a terminal or a page. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD").slice(0, 500);
}

/** Text of a policy as it may be quoted in a message. */
export function quoted(text: string): string {
  return `'${printable(text.length > 64 ? `${text.slice(0, 61)}...` : text)}'`;
}

/** What to write instead; a function is asked only when its problem is kept. */
export type Hint = string | (() => string | undefined) | undefined;

/** Edits per letter beyond which a word is another word, not a misspelling. */
const MAX_DISTANCE = 0.6;
const MAX_LETTERS = 64;
const MAX_CHOICES = 256;

/**
 * Names the choice that was probably meant, and all of them when they are few, or when none is near and `all` says so. The
 * choices are read when it is asked.
 */
export function suggest(word: string, choices: Iterable<string>, all?: "all"): Hint {
  return () => {
    const named: string[] = [];
    for (const choice of choices) {
      if (named.length >= MAX_CHOICES) break;
      if (choice !== "" && choice.length <= MAX_LETTERS) named.push(choice);
    }
    if (named.length === 0) return undefined;
    if (named.length === 1) return `Write ${quoted(named[0]!)}.`;
    const close = nearestOf(word, named);
    return close === undefined && named.length > 16
      ? all && `Known: ${named.join(", ")}.`
      : [
          ...(close === undefined ? [] : [`Did you mean ${quoted(close)}?`]),
          ...(named.length > 16 ? [] : [`Known: ${named.join(", ")}.`]),
        ].join(" ");
  };
}

/** The nearest choice, letter case aside; undefined when none is near. */
export function nearestOf(word: string, choices: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > MAX_LETTERS) return undefined;
  let best: { readonly choice: string; readonly distance: number } | undefined;
  for (const choice of choices) {
    const distance = editDistance(word.toLowerCase(), choice.toLowerCase());
    if (best === undefined || distance < best.distance) best = { choice, distance };
  }
  if (best === undefined || best.distance > Math.max(word.length, best.choice.length) * MAX_DISTANCE) return undefined;
  return best.choice;
}
