import type { Problem } from "../core/policy/report.ts";

/** Text of a file or its name without anything a terminal acts on. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** As compilers write it, so that editors can jump there. */
export function problemLines(path: string, problem: Problem): string {
  const { line, column, stage, severity, rule, message, hint } = problem;
  const kind = severity === "warning" ? "warning " : "";
  return `${path}:${line}:${column}: ${stage} ${kind}${rule}: ${message}\n${hint === undefined ? "" : `    ${hint}\n`}`;
}
