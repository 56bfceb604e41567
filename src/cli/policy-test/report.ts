import type { Result, Verdict } from "./trial.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  fired: "fired",
  partly: "PARTLY",
  silent: "SILENT",
  covered: "covered",
};

/** Names come from files, reasons from the engine: no control characters on the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

function details({ verdict, hooks, steps }: Result): readonly string[] {
  if (verdict === "fired") return [];
  return [
    ...steps.filter((s) => !s.seen).map((s) => `${s.act}: ${s.why ?? ""}`),
    ...hooks.map((hook) => `hook ${hook}`),
  ];
}

export function countVerdicts(results: readonly Result[]): Readonly<Record<Verdict, number>> {
  const of = (verdict: Verdict): number => results.filter((r) => r.verdict === verdict).length;
  return { fired: of("fired"), partly: of("partly"), silent: of("silent"), covered: of("covered") };
}

/** One line for a policy; below it, where it did not fire, why. */
export function resultText(results: readonly Result[]): string {
  const lines = results.flatMap((result) => [
    `${WORDS[result.verdict].padEnd(8)}${result.name}${result.by === undefined ? "" : `, by ${result.by}`}`,
    ...details(result).map((detail) => `            ${detail}`),
  ]);
  const { fired, partly, silent, covered } = countVerdicts(results);
  const more = partly > 0 ? `, ${partly} partly` : "";
  return `${lines.map(printable).join("\n")}\n${fired} fired, ${covered} covered, ${silent} silent${more}\n`;
}
