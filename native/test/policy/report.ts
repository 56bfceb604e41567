/**
 * bun report.ts RESULTS OUT: writes docs/kernels.md from the outcomes that run.ts left in RESULTS/<kernel>.json.
 * One section for each kind of hook; rows are what the format offers, columns the kernels.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { HOOK_KINDS } from "./case.ts";
import type { Outcome, Result } from "./outcome.ts";

interface Ran {
  /** As given to the suite: `6.12-rt`, `host`. */
  readonly label: string;
  readonly kernel: string;
  readonly has: readonly string[];
  readonly results: readonly Result[];
}

const HERE = "here: ";
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

/** Of the machine that runs the suite only the version is told, not whose build it is. */
function release(ran: Ran): string {
  return ran.label.startsWith(HERE) ? (/^[\d.]+/.exec(ran.kernel)?.[0] ?? "") : ran.kernel;
}

function worst(results: readonly Result[]): Outcome | undefined {
  return ORDER.findLast((outcome) => results.some((r) => r.outcome === outcome));
}

function table(hook: string, aspect: (typeof ASPECTS)[number], all: readonly Ran[]): string[] {
  const names = new Set(
    all.flatMap((ran) => ran.results.flatMap((r) => (r.hook === hook ? (r.shows[aspect] ?? []) : []))),
  );
  if (names.size === 0) return [];
  const rows = [...names].map((name) => {
    const cells = all.map((ran) => {
      const outcome = worst(ran.results.filter((r) => r.hook === hook && r.shows[aspect] === name));
      return outcome === undefined ? "" : MARK[outcome];
    });
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  return [
    `| ${TITLES[aspect]} | ${all.map((ran) => ran.label).join(" | ")} |`,
    `|---|${"---|".repeat(all.length)}`,
    ...rows,
    "",
  ];
}

/** What the engine says where it cannot do all, once for each sentence. */
function reasons(ran: Ran): string[] {
  const by = Map.groupBy(
    ran.results.filter((r) => r.outcome === "degraded" || r.outcome === "not possible"),
    (r) => `${MARK[r.outcome]}: ${r.hook}: ${(r.reason ?? "").replaceAll(/\s+/g, " ").replaceAll("|", "\\|")}`,
  );
  return [...by].map(([text, of]) => `- ${text} (${of.length})`).toSorted();
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

function page(all: readonly Ran[]): string {
  const count = (ran: Ran, outcome: Outcome): number => ran.results.filter((r) => r.outcome === outcome).length;
  return [
    "# What policies can do on which kernel",
    "",
    "Written by `make test-kernels`, from what it saw: each cell stands for cases that were loaded, set off by a small program",
    "and compared with what that program says it did, near misses included. *yes*: as the format has it. *partly*: less, and the",
    "engine says what is missing. *no*: this kernel cannot, and the engine says why. *refused*: no kernel could, since nothing at this",
    "kind of hook is of a type the operator looks at, or the format has no such action there; `policy check` says which.",
    "An empty cell was not tried.",
    "",
    `| | ${all.map((ran) => ran.label).join(" | ")} |`,
    `|---|${"---|".repeat(all.length)}`,
    `| Release | ${all.map((ran) => release(ran)).join(" | ")} |`,
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
    ...HOOK_KINDS.flatMap((hook) => {
      const tables = ASPECTS.flatMap((aspect) => table(hook, aspect, all));
      return tables.length === 0 ? [] : [`## ${hook}`, "", ...tables];
    }),
    "## What the engine says of what is missing",
    "",
    ...all.flatMap((ran) => {
      const said = reasons(ran);
      return said.length === 0 ? [] : [`### ${ran.label}`, "", ...said, ""];
    }),
  ].join("\n");
}

const [from = "", to = ""] = process.argv.slice(2);
const all = readdirSync(from)
  .filter((name) => name.endsWith(".json"))
  .map((name): Ran => {
    const ran = JSON.parse(readFileSync(`${from}/${name}`, "utf8")) as Omit<Ran, "label">;
    const label = name.slice(0, -".json".length);
    return { ...ran, label: label === "host" ? `${HERE}${/^\d+\.\d+/.exec(ran.kernel)?.[0] ?? ""}` : label };
  })
  .toSorted(
    (a, b) =>
      Number(a.label.startsWith(HERE)) - Number(b.label.startsWith(HERE)) ||
      a.label.localeCompare(b.label, "en", { numeric: true }),
  );
writeFileSync(to, `${page(all).trimEnd()}\n`);
