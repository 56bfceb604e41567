import { TARGETS, type Account, type Cost, type Figure } from "./figures.ts";
import type { Delay, Memory } from "./lines.ts";
import type { SoakResult } from "./soak.ts";

/** What was measured on one kernel. */
export interface Place {
  readonly kernel: string;
  readonly guest: boolean;
  readonly costs: readonly Cost[];
  readonly accounts: readonly Account[];
  readonly delays: readonly Delay[];
  readonly memory: readonly Memory[];
  readonly kernel_bytes_per_policy?: Readonly<Record<string, number>>;
  readonly bytes_per_event: Readonly<Record<string, number>>;
}

/** What operations take in instructions, on a guest whose clock counts them. */
export interface Counted {
  readonly command: string;
  readonly kernel: string;
  readonly costs: readonly Cost[];
  readonly figures: readonly Figure[];
}

/** docs/bench/engine.json. The bench and the soak each replace their own part. */
export interface EngineReport {
  readonly command?: string;
  readonly cores?: number;
  readonly load_before?: number;
  readonly load_after?: number;
  readonly places?: readonly Place[];
  readonly figures?: readonly Figure[];
  readonly soak?: SoakResult;
  /** The same on the running kernel, at full speed. */
  readonly soak_here?: SoakResult;
  readonly counted?: Counted;
}

/** Load above which figures of time are not to be relied on. */
const BUSY = 0.7;

type Cell = string | number;

const MB = 1e6;
const MS = 1e6;
const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i ? "--:" : "---"))), ...rows.map(line)].join("\n");
}

export const isKept = (f: Figure): boolean => f.value <= f.budget;

const digitsOf = (f: Figure): number => (Number.isInteger(f.budget) && Number.isInteger(f.value) ? 0 : 2);

export function figureTable(figures: readonly Figure[]): string {
  return table(
    ["figure", "value", "least disturbed rounds", "budget", ""],
    figures.map((f) => [
      f.name,
      `${fixed(f.value, digitsOf(f))} ${f.unit}`.trim(),
      f.least === undefined ? "" : fixed(f.least, 2),
      `${f.budget} ${f.unit}`.trim(),
      isKept(f) ? "kept" : "**missed**",
    ]),
  );
}

function costTables(costs: readonly Cost[]): string[] {
  return TARGETS.filter((t) => costs.some((c) => c.target === t)).map((target) => {
    const rows = costs
      .filter((c) => c.target === target)
      .map((c) => [
        c.subject,
        fixed(c.p10_ratio, 2),
        fixed(c.p50_us, 1),
        fixed(c.p50_ratio, 2),
        fixed(c.p99_us, 1),
        fixed(c.p99_ratio, 2),
        c.p50_range_us.map((v) => fixed(v, 1)).join(" to "),
        fixed(c.paced_us, 1),
        c.paced_range_us.map((v) => fixed(v, 1)).join(" to "),
        c.untold ?? "",
        c.owned_up ?? "",
      ]);
    return `### ${target}\n\n${table(["watching", "p10 ratio", "p50 µs", "p50 ratio", "p99 µs", "p99 ratio", "p50 of the rounds", "paced p50 µs", "of the rounds", "not told", "owned up to"], rows)}`;
  });
}

const accountTable = (accounts: readonly Account[]): string =>
  table(
    ["case", "engine", "wanted/s", "reached/s", "records made", "told", "owned up to as lost", "difference"],
    accounts.map((a) => [
      a.case,
      a.subject,
      a.wanted_per_s,
      fixed(a.reached_per_s, 0),
      a.done,
      a.told,
      a.lost,
      a.difference,
    ]),
  );

const delayTable = (delays: readonly Delay[]): string =>
  table(
    ["event", "engine", "record to file, p50 ms", "p99 ms", "call to file, p50 ms", "p99 ms"],
    delays.map((d) => [
      d.op,
      d.subject,
      ...[d.from_record, d.from_call].flatMap((s) => [fixed(s.p50_ns / MS, 1), fixed(s.p99_ns / MS, 1)]),
    ]),
  );

const memoryTable = (memory: readonly Memory[]): string =>
  table(
    ["engine", "resident MB", "of it private", "maps MB", "programs MB", "charged to its cgroup MB", "slab growth MB"],
    memory.map((m) => [
      m.subject,
      ...[m.rss, m.rss_anon, m.maps, m.programs, m.charged, m.slab].map((bytes) => fixed(bytes / MB, 2)),
    ]),
  );

function section(place: Place): string[] {
  const where = place.guest ? "a guest (software emulation)" : "the running kernel";
  const some = (title: string, rows: readonly unknown[], text: () => string): string[] =>
    rows.length ? [`## ${title}, ${place.kernel}, ${where}`, text()] : [];
  const bytes = Object.entries(place.bytes_per_event);
  const perPolicy = Object.entries(place.kernel_bytes_per_policy ?? {});
  return [
    ...some("Latency", place.costs, () => costTables(place.costs).join("\n\n")),
    ...some("Loss", place.accounts, () => accountTable(place.accounts)),
    ...some("From the kernel to the file", place.delays, () => delayTable(place.delays)),
    ...some("Memory", place.memory, () => memoryTable(place.memory)),
    ...some("Kernel memory of one more policy", perPolicy, () => table(["view", "bytes"], perPolicy)),
    ...some("Bytes of a line", bytes, () => table(["event", "bytes"], bytes)),
  ];
}

const soakSection = (soak: SoakResult): string[] => [
  `## Soak, ${soak.kernel}`,
  `\`${soak.command}\`: ${fixed(soak.minutes, 1)} minutes at ${fixed(soak.events_per_s, 0)} events a second, ${soak.subject}, ` +
    `${soak.policies_changed} policies came and went. Of ${soak.account.done} records ${soak.account.told} were told and ` +
    `${soak.account.lost} owned up to as lost.`,
  figureTable(soak.figures),
];

const INSTRUCTIONS_PER_US = 1000;

function countedSection(counted: Counted): string[] {
  const base = (c: Cost): number =>
    counted.costs.find((n) => n.subject === "nothing" && n.target === c.target)?.p50_us ?? Number.NaN;
  const rows = counted.costs.map((c) => [
    c.target,
    c.subject,
    fixed(c.p50_us * INSTRUCTIONS_PER_US, 0),
    fixed((c.p50_us - base(c)) * INSTRUCTIONS_PER_US, 0),
    fixed(c.p50_ratio, 3),
  ]);
  return [
    `## Instructions, ${counted.kernel}`,
    `\`${counted.command}\`: the guest's clock counts instructions, so neither the load of the machine nor its make is in these ` +
      "figures; nor are caches and mispredicted branches.",
    figureTable(counted.figures),
    table(["operation", "watching", "instructions, p50", "more than nothing", "ratio"], rows),
  ];
}

/** docs/bench/engine.md. */
export function markdown(report: EngineReport): string {
  return `${[
    "# The engine, measured",
    "Written by `make bench-engine` and `make soak-engine` from `engine.json`. Times in a guest are emulated: only their ratios, " +
      "taken in the same run, each round of all in one guest, say something. `engine-N` is the engine with N policies, one of which matches; all " +
      "watch every exec, opens below one directory (`open-watched`; `open` is of a file elsewhere) and TCP connects. " +
      "The engine's built-in sensors run beside the policies. " +
      'Ratios between engine and others are of medians of all rounds, of times as they would be on a processor of one pace ("paced": a ' +
      "piece of work of always the same length stands between the calls, and is reckoned as 100 µs), and so are the verdicts; beside them, where given, the same ratio from the round of each " +
      "that was disturbed least: where the two are far apart, the measurement decides nothing, and the counted instructions do.",
    ...(report.command
      ? [
          `\`${report.command}\`, ${report.cores} cores, load ${report.load_before} before and ${report.load_after} after.`,
          ...((report.load_before ?? 0) > BUSY
            ? [
                "**Others were at work on these cores:** of times only the p10 and, of what takes microseconds, the p50 are to be believed.",
              ]
            : []),
          figureTable(report.figures ?? []),
        ]
      : []),
    ...(report.counted ? countedSection(report.counted) : []),
    ...(report.places ?? []).flatMap(section),
    ...[report.soak, report.soak_here].flatMap((soak) => (soak ? soakSection(soak) : [])),
  ].join("\n\n")}\n`;
}
