/** docs/kernels.md from the outcomes of several kernels: a section for each kind of hook; rows are what the format offers. */
import { HOOK_KINDS, type Case } from "./case.ts";
import type { Played } from "./kept.ts";
import type { Outcome, Result } from "./outcome.ts";

/** What the suite saw on one kernel. */
export interface Ran extends Played {
  /** As given to the suite: `6.12-rt`, `host`. */
  readonly label: string;
  /** The day of the run. */
  readonly on: string;
}

/** Begins the label of the machine that runs the suite. */
export const HERE = "here: ";
const ORDER: readonly Outcome[] = ["refused", "works", "degraded", "not possible", "FAILED"];
const MARK: Record<Outcome, string> = {
  refused: "refused",
  works: "yes",
  degraded: "partly",
  "not possible": "no",
  FAILED: "**fails**",
};
const ASPECTS = ["operator", "filter", "action", "type", "example", "other"] as const;
const TITLES: Record<(typeof ASPECTS)[number], string> = {
  operator: "Operator",
  filter: "Filter",
  action: "Action",
  type: "Argument type",
  example: "Whole policy",
  other: "Further",
};

/** Facts worth a row, as the engine's probe names them. */
const FACTS = [
  ["kprobe", "kprobes"],
  ["fentry", "fentry, fexit"],
  ["lsm", "LSM programs"],
  ["fmod_ret", "fmod_ret"],
  ["override_return", "error injection"],
  ["tracepoint", "tracepoints by file"],
  ["uprobe", "uprobes"],
] as const;

function worst(results: readonly Result[]): Outcome | undefined {
  return ORDER.findLast((outcome) => results.some((r) => r.outcome === outcome));
}

/** Each sentence of the engine about what is missing at one kind of hook, numbered. */
class Reasons {
  readonly #numbers = new Map<string, number>();

  /** Numbers of what was said of these results. */
  numbersOf(results: readonly Result[]): readonly number[] {
    const said = results
      .filter((r) => r.outcome === "degraded" || r.outcome === "not possible")
      .flatMap((r) => (r.reason ?? "").replaceAll(/\s+/g, " ").split("; "))
      .filter((text) => text !== "");
    return [...new Set(said.map((text) => this.#number(text)))].toSorted((a, b) => a - b);
  }

  #number(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, number);
    return number;
  }

  lines(): string[] {
    if (this.#numbers.size === 0) return [];
    return ["What is missing there:", "", ...[...this.#numbers].map(([text, number]) => `${number}. ${text}`), ""];
  }
}

function cell(results: readonly Result[], reasons: Reasons): string {
  const outcome = worst(results);
  if (outcome === undefined) return "";
  const numbers = reasons.numbersOf(results);
  return numbers.length === 0 ? MARK[outcome] : `${MARK[outcome]} (${numbers.join(", ")})`;
}

function table(hook: string, aspect: (typeof ASPECTS)[number], all: readonly Ran[], reasons: Reasons): string[] {
  const names = new Set(
    all.flatMap((ran) => ran.results.flatMap((r) => (r.hook === hook ? (r.shows[aspect] ?? []) : []))),
  );
  if (names.size === 0) return [];
  const rows = [...names].map((name) => {
    const cells = all.map((ran) =>
      cell(
        ran.results.filter((r) => r.hook === hook && r.shows[aspect] === name),
        reasons,
      ),
    );
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  return [
    `| ${TITLES[aspect]} | ${all.map((ran) => ran.label).join(" | ")} |`,
    `|---|${"---|".repeat(all.length)}`,
    ...rows,
    "",
  ];
}

/** All tables of a kind of hook, and what the numbers in them stand for. */
function section(hook: string, all: readonly Ran[]): string[] {
  const reasons = new Reasons();
  const tables = ASPECTS.flatMap((aspect) => table(hook, aspect, all, reasons));
  return tables.length === 0 ? [] : [`## ${hook}`, "", ...tables, ...reasons.lines()];
}

function backends(all: readonly Ran[]): string[] {
  const rows = HOOK_KINDS.map((hook) => {
    const cells = all.map((ran) =>
      [
        ...new Set(
          ran.results.flatMap((r) =>
            r.hook === hook && r.backend !== undefined && r.backend !== ""
              ? r.backend.split(" ").filter((name) => name !== "")
              : [],
          ),
        ),
      ]
        .toSorted()
        .join(", "),
    );
    return `| ${hook} | ${cells.map((cell) => (cell === "" ? "-" : cell)).join(" | ")} |`;
  });
  return [`| Hook | ${all.map((ran) => ran.label).join(" | ")} |`, `|---|${"---|".repeat(all.length)}`, ...rows, ""];
}

/** The page's text. Results kept from another day are put in the rows that `cases` name today. */
export function page(ran: readonly Ran[], cases: readonly Case[]): string {
  const shows = new Map(cases.map((c) => [c.name, c.shows]));
  const all = ran.map((r) => ({
    ...r,
    results: r.results.map((result) => ({ ...result, shows: shows.get(result.name) ?? result.shows })),
  }));
  const count = (ran: Ran, outcome: Outcome): number => ran.results.filter((r) => r.outcome === outcome).length;
  return [
    "# What policies can do on which kernel",
    "",
    "Written by `make test-kernels`, from what it saw on each kernel when it last ran there: each cell stands for cases that were",
    "loaded, set off by a small program and compared with what that program says it did, near misses included. *yes*: as the format has it. *partly*: less, and the",
    "engine says what is missing. *no*: this kernel cannot, and the engine says why. *refused*: no kernel could, since nothing at this",
    "kind of hook is of a type the operator looks at, or the format has no such action there; `policy check` says which.",
    "An empty cell was not tried. Of several cases the worst counts; the numbers are those of the reasons below the tables.",
    "",
    `| | ${all.map((ran) => ran.label).join(" | ")} |`,
    `|---|${"---|".repeat(all.length)}`,
    `| Tried on | ${all.map((ran) => ran.on).join(" | ")} |`,
    `| Release | ${all.map((ran) => ran.kernel).join(" | ")} |`,
    ...FACTS.map(
      ([fact, name]) => `| ${name} | ${all.map((ran) => (ran.has.includes(fact) ? "has" : "-")).join(" | ")} |`,
    ),
    ...ORDER.map((outcome) => `| ${MARK[outcome]} | ${all.map((ran) => count(ran, outcome)).join(" | ")} |`),
    "",
    "## Mechanisms",
    "",
    "What the engine attaches for each kind of hook, where it could attach.",
    "",
    ...backends(all),
    ...HOOK_KINDS.flatMap((hook) => section(hook, all)),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

