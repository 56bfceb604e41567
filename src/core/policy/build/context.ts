import type { Placeholder } from "../model.ts";
import type { Position } from "../model-base.ts";
import type { Hint, Problems } from "../problems.ts";
import type { Source } from "../read/source.ts";
import type { SelectorSpec } from "../schema/selector.ts";
import type { Lists } from "./lists.ts";

interface ContextParts {
  readonly problems: Problems;
  readonly source: Source;
  readonly lists: Lists;
  readonly macros: ReadonlyMap<string, SelectorSpec>;
  readonly hasEnforcers: boolean;
  readonly variables: ReadonlyMap<string, string>;
}

/** What every part of the meaning stage needs; all its problems are S2. */
export class Context {
  readonly #problems: Problems;
  readonly #parts: ContextParts;
  readonly source: Source;
  readonly lists: Lists;
  readonly macros: ReadonlyMap<string, SelectorSpec>;
  readonly hasEnforcers: boolean;
  /** Values for `${NAME}`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly placeholders: Placeholder[] = [];

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.#problems = parts.problems;
    this.source = parts.source;
    this.lists = parts.lists;
    this.macros = parts.macros;
    this.hasEnforcers = parts.hasEnforcers;
    this.variables = parts.variables;
  }

  /** The same, telling its problems to somebody else. */
  telling(problems: Problems): Context {
    return new Context({ ...this.#parts, problems });
  }

  /** `member` of `owner` is wrong. */
  error(rule: string, owner: object, member: string | number | undefined, message: string, hint?: Hint): void {
    this.#problems.error("S2", rule, this.source.at(owner, member), message, hint);
  }

  /** `member` of `owner` is odd, but the policy stays valid. */
  warn(rule: string, owner: object, member: string | number | undefined, message: string, hint?: Hint): void {
    this.#problems.warn("S2", rule, this.source.at(owner, member), message, hint);
  }

  /** Line and column, as the model keeps them. */
  at(owner: object, member?: string | number): Position {
    const { line, column } = this.source.at(owner, member);
    return { line, column };
  }
}
