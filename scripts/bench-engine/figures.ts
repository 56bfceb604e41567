import type { Delay, Latency, Lines, Loss, Memory, Sample, SoakSample, Tally, Target, Truth } from "./lines.ts";

/** One figure beside its budget: it is kept when the value is not above it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: number;
  /** The same from the least disturbed rounds. For the reader only: the verdict is the value's. */
  readonly least?: number;
}

const MB = 1e6;
const US = 1e3;
export const TARGETS: readonly Target[] = ["exec", "open", "open-watched", "connect"];
const PEERS = ["auditd", "bpftrace"];

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** What one subject costs one operation, over all rounds: medians in microseconds, and ratios to nothing watching. */
export interface Cost {
  readonly subject: string;
  readonly target: Target;
  readonly rounds: number;
  readonly p50_us: number;
  readonly p99_us: number;
  /** Of the quick tenth, which a machine with other work disturbs least. */
  readonly p10_ratio: number;
  readonly p50_ratio: number;
  readonly p99_ratio: number;
  /** The lowest and highest p50 of the rounds: how far a difference between medians is to be believed. */
  readonly p50_range_us: readonly [number, number];
  /** The median as though the processor had been equally fast all the time, and its lowest and highest round. */
  readonly paced_us: number;
  readonly paced_range_us: readonly [number, number];
  /** Operations that should have been told and were not, of all rounds; absent where there was nothing to tell. */
  readonly untold?: number;
  /** Those of them that the subject's own ledger of losses has room for. */
  readonly owned_up?: number;
}

function untold(subject: string, target: Target, runs: readonly Latency[]): Pick<Cost, "untold" | "owned_up"> {
  if (subject === "nothing" || target === "open") return {};
  const kind = target === "open-watched" ? "open" : target;
  const missing = runs.map(({ done, told }) => ({
    count: done - (told.kinds?.[kind].lines ?? told[kind] ?? 0),
    lost: typeof told.lost === "object" ? sum(Object.values(told.lost)) : (told.lost ?? 0),
  }));
  return {
    untold: sum(missing.map((m) => m.count)),
    owned_up: sum(missing.map((m) => Math.min(m.count, m.lost))),
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export function costs(lines: Lines): Cost[] {
  const all = lines.of("latency");
  const subjects = [...new Set(all.map((l) => l.subject))].toSorted(bySubject);
  const runs = (subject: string, target: Target): Latency[] =>
    all.filter((l) => l.subject === subject && l.target === target);
  const of = (subject: string, target: Target, key: keyof Sample, of: "ns" | "paced" = "ns"): number[] =>
    runs(subject, target).map((l) => l[of][key] / US);
  return TARGETS.flatMap((target) =>
    subjects.map((subject) => {
      const p50 = of(subject, target, "p50_ns");
      const p99 = of(subject, target, "p99_ns");
      const paced = of(subject, target, "p50_ns", "paced");
      return {
        subject,
        target,
        rounds: p50.length,
        p50_us: median(p50),
        p99_us: median(p99),
        p10_ratio: median(of(subject, target, "p10_ns")) / median(of("nothing", target, "p10_ns")),
        p50_ratio: median(p50) / median(of("nothing", target, "p50_ns")),
        p99_ratio: median(p99) / median(of("nothing", target, "p99_ns")),
        p50_range_us: [Math.min(...p50), Math.max(...p50)] as const,
        paced_us: median(paced),
        paced_range_us: [Math.min(...paced), Math.max(...paced)] as const,
        ...untold(subject, target, runs(subject, target)),
      };
    }),
  );
}

const ORDER = ["nothing", "engine-0", "engine-1", "engine-10", "engine-100", ...PEERS];
const bySubject = (a: string, b: string): number => ORDER.indexOf(a) - ORDER.indexOf(b);

/**
 * Ours against each peer, and many policies against one: ratios of the medians of all rounds, which the budgets are about. Of the times as
 * they would be on a processor of one pace; where the clock counts instructions (`counted`), as they are.
 */
export function costFigures(all: readonly Cost[], counted = false): Figure[] {
  const has = (subject: string): boolean => all.some((c) => c.subject === subject);
  const ratio = (target: Target, subject: string, other: string): { value: number; least: number } => {
    const [a, b] = [subject, other].map((s) => all.find((c) => c.subject === s && c.target === target));
    const p50 = (c: Cost | undefined): number => (counted ? c?.p50_us : c?.paced_us) ?? Number.NaN;
    const least = (c: Cost | undefined): number => (counted ? c?.p50_range_us : c?.paced_range_us)?.[0] ?? Number.NaN;
    return { value: p50(a) / p50(b), least: least(a) / least(b) };
  };
  const against = TARGETS.flatMap((target) =>
    ["engine-0", "engine-1"].filter(has).flatMap((subject) =>
      PEERS.filter(has).map((peer) => ({
        name: `${target}, p50: ${subject} / ${peer}`,
        ...ratio(target, subject, peer),
        unit: "",
        budget: 1,
      })),
    ),
  );
  if (!has("engine-100")) return against;
  const many = TARGETS.map((target) => ({
    name: `${target}, p50: 100 policies / 1 policy`,
    ...ratio(target, "engine-100", "engine-1"),
    unit: "",
    budget: 1.1,
  }));
  return [...against, ...many];
}

/** What was found and what was owned up to as lost, beside what the generator did: equal to the last one, or not. */
export interface Account {
  readonly subject: string;
  readonly case: string;
  readonly wanted_per_s: number;
  readonly reached_per_s: number;
  readonly done: number;
  readonly told: number;
  readonly lost: number;
  readonly difference: number;
}

/**
 * Of execs, births and ends count too: a lost record does not say which of them it was. Where birth and exec were lost the end is told,
 * of a process that is not known; such lines can't be told from another process's.
 */
export function account(subject: string, name: string, truth: Truth, tally: Tally): Account {
  const { exec, fork, exit, open, connect, policy_connect: byPolicy, unknown } = tally.kinds;
  const hasPolicy = subject !== "engine-0";
  const done = 3 * truth.exec + truth.matched + truth.connect * (hasPolicy ? 2 : 1);
  const lost = sum(Object.values(tally.lost));
  const known = sum([exec, fork, exit, open, connect, byPolicy].map((k) => k.lines));
  const told = known + Math.min(unknown.lines, lost);
  return {
    subject,
    case: name,
    wanted_per_s: truth.wanted_per_s,
    reached_per_s: truth.reached_per_s,
    done,
    told,
    lost,
    difference: told + lost - done,
  };
}

export const accounts = (losses: readonly Loss[]): Account[] =>
  losses.map((l) => account(l.subject, l.case, l.truth, l.tally));

/**
 * Without loss the difference must be none. A lost record may have been another process's: where others run beside the bench, more
 * may be lost than is missed; where nothing else runs, not.
 */
export function accountFigures(all: readonly Account[], alone: boolean): Figure[] {
  return all.flatMap((a) => [
    {
      name: `${a.case}, ${a.subject}: neither told nor owned up to`,
      value: alone || a.lost === 0 ? Math.abs(a.difference) : Math.max(0, -a.difference),
      unit: "",
      budget: 0,
    },
    ...(a.case.startsWith("stalled")
      ? []
      : [{ name: `${a.case}, ${a.subject}: lost`, value: a.lost, unit: "", budget: 0 }]),
  ]);
}

/** Bytes a line of each event has, of the run that does all of them. */
export function bytesPerEvent(losses: readonly Loss[]): Record<string, number> {
  const kinds = losses.find((l) => l.case === "mix")?.tally.kinds;
  if (!kinds) return {};
  return Object.fromEntries(
    Object.entries(kinds)
      .filter(([name, k]) => k.lines > 0 && name !== "other")
      .map(([name, k]) => [name, Math.round(k.bytes / k.lines)]),
  );
}

export function delayFigures(delays: readonly Delay[]): Figure[] {
  return delays.map((d) => ({
    name: `${d.op}, ${d.subject}: lines that did not come`,
    value: d.missing,
    unit: "",
    budget: 0,
  }));
}

/** Resident memory beside its budgets. What the kernel holds has none and is told in the table. */
export function memoryFigures(all: readonly Memory[]): Figure[] {
  const budgets: Readonly<Record<string, number>> = { "engine-0": 25, "engine-100": 60 };
  return all
    .filter((m) => budgets[m.subject] !== undefined)
    .map((m) => ({
      name: `resident, ${m.subject}, nothing to do`,
      value: m.rss / MB,
      unit: "MB",
      budget: budgets[m.subject] ?? 0,
    }));
}

/** Kernel memory one more policy takes, in bytes: from the fewest to the most policies there are figures of. */
export function kernelBytesPerPolicy(
  all: readonly Memory[],
): { maps: number; charged: number; slab: number } | undefined {
  const policies = (m: Memory): number => Number(m.subject.slice("engine-".length));
  const sorted = all.filter((m) => policies(m) > 0).toSorted((a, b) => policies(a) - policies(b));
  const [few, many] = [sorted[0], sorted.at(-1)];
  if (!few || !many || few === many) return undefined;
  const more = policies(many) - policies(few);
  const each = (key: "maps" | "charged" | "slab"): number => Math.round((many[key] - few[key]) / more);
  return { maps: each("maps"), charged: each("charged"), slab: each("slab") };
}

/** Of a half of the samples, what nine in ten lie at or below: what it takes, but for a moment. */
const HIGH_WATER = 0.9;

/**
 * How much more is taken at the end than at the beginning, by the high-water marks of both halves; at least four samples. Memory that was
 * given back for a while and is taken again is no growth, though a line through all samples would rise with it.
 */
export function growth(samples: readonly SoakSample[], key: "rss" | "maps" | "programs" | "charged"): number {
  const middle = samples.length >> 1;
  if (middle < 2) return Number.NaN;
  const highWater = (part: readonly SoakSample[]): number =>
    part.map((s) => s[key]).toSorted((a, b) => a - b)[Math.floor((part.length - 1) * HIGH_WATER)]!;
  // From the middle of the one half to that of the other it is half the time.
  return 2 * (highWater(samples.slice(-middle)) - highWater(samples.slice(0, middle)));
}
