import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { paceMs } from "./pace.ts";

/** One figure beside its budget; without one it is told only. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: number;
  /** The budget is a floor. */
  readonly atLeast?: true;
}

/** The quantile of times, which need not be in order. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * q) - 1))] ?? Number.NaN;
}

export function isWithin({ value, budget, atLeast }: Figure): boolean {
  return budget === undefined || (atLeast ? value >= budget : value <= budget);
}

/** Figures in lines, each beside its budget. */
export function figuresText(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map((f) => f.name.length)) + 2;
  const lines = figures.map((f) => {
    const value = `${f.name.padEnd(width)}${f.value.toFixed(1).padStart(11)} ${f.unit.padEnd(9)}`;
    if (f.budget === undefined) return value.trimEnd();
    const ratio = f.budget === 0 ? "" : `${(f.value / f.budget).toFixed(2)} of it  `;
    return `${value}budget ${f.atLeast ? "≥" : "≤"} ${f.budget} ${f.unit}  ${ratio}${isWithin(f) ? "within" : "OVER"}`;
  });
  return `${lines.join("\n")}\n`;
}

/** Writes what was measured, with what is needed to read it later. */
export async function writeMeasured(path: string, command: string, measured: object): Promise<void> {
  const machine = {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "",
    memory_gb: Math.round(totalmem() / 1e9),
    arch: process.arch,
    pace_ms: Math.round(paceMs() * 10) / 10,
  };
  await mkdir(dirname(resolve(path)), { recursive: true });
  const whole = { command, at: new Date().toISOString(), machine, ...measured };
  await writeFile(path, `${JSON.stringify(whole, null, 2)}\n`);
}

/** The same of figures. */
export async function writeFigures(path: string, command: string, figures: readonly Figure[]): Promise<void> {
  // Three digits that count, and never less than a tenth.
  const round = (value: number): number =>
    Math.abs(value) < 100 ? Number(value.toPrecision(3)) : Math.round(value * 10) / 10;
  const rounded = figures.map((f) => ({
    ...f,
    value: round(f.value),
    ...(f.budget ? { of_budget: round(f.value / f.budget) } : {}),
  }));
  await writeMeasured(path, command, { figures: rounded });
}
