/** What filters see of the task itself: as `data`, or where a hook has none, as the task it is given. */
import { DIR, type Case, type HookKind, type JsonObject } from "../case.ts";
import { plainSites, type Plain } from "../matrix/plain.ts";
import { arg, match, type HookBody } from "../spec.ts";

let next = 7300;

interface TaskCase {
  readonly name: string;
  readonly shows: Case["shows"];
  /** Fields of the task, by their types, and the filter on them. */
  readonly fields: readonly (readonly [type: string, resolve: string])[];
  readonly filter: JsonObject;
  readonly hits: readonly (readonly string[])[];
  readonly misses: readonly (readonly string[])[];
}

const from = (name: string): string[] => [`stdin=${DIR}/f/${name}`];

const STDIN = [["file", "files.fdt.fd[0]"]] as const;

const TASK_CASES: readonly TaskCase[] = [
  {
    name: "task-capabilities-gained",
    shows: { operator: "CapabilitiesGained" },
    fields: [
      ["cap_effective", "cred.cap_effective"],
      ["cap_inheritable", "cred.cap_inheritable"],
    ],
    filter: { args: [0, 1], operator: "CapabilitiesGained", values: ["CAP_SYS_CHROOT"] },
    hits: [[], ["inh+=20"]],
    misses: [["inh+=18"], ["eff-=18"]],
  },
  {
    name: "task-file-type",
    shows: { operator: "FileType" },
    fields: STDIN,
    filter: match(0, "FileType", ["reg", "chr"]),
    hits: [from("file"), from("null")],
    misses: [from("folder")],
  },
  {
    name: "task-file-type-not",
    shows: { operator: "NotFileType" },
    fields: STDIN,
    filter: match(0, "NotFileType", ["regular"]),
    hits: [from("folder"), from("null")],
    misses: [from("file")],
  },
];

/** The raw tracepoint of the plain sites. */
const isGivenTask = (site: Plain): boolean => site.hook === "raw tracepoint";

function byData(site: Plain, t: TaskCase, v: number): HookBody {
  const data = t.fields.map(([type, resolve], i) => arg(i, type, { source: "current_task", resolve }));
  return { args: site.args, data, selectors: [{ ...site.only(v), matchData: [t.filter] }] };
}

/** The task is argument 0. What the filter calls a place is one of args. */
function byArgument(site: Plain, t: TaskCase, v: number): HookBody {
  const fields = t.fields.map(([type, resolve]) => arg(0, type, { resolve }));
  const matchArgs = [t.filter, match(1, "Equal", [`tx-${v}`])];
  return { args: [...fields, ...site.args], selectors: [{ matchArgs }] };
}

function taskCase(site: Plain, t: TaskCase): Case {
  const v = next++;
  const run = (modifiers: readonly string[], events: readonly JsonObject[]) => ({
    act: [...modifiers, ...site.act(v)],
    events,
  });
  return {
    name: `${site.hook}-${t.name}`.replaceAll(" ", "-"),
    group: site.hook,
    hook: site.hook,
    shows: { ...t.shows, ...(isGivenTask(site) ? {} : { filter: "matchData" }) },
    spec: site.spec(isGivenTask(site) ? byArgument(site, t, v) : byData(site, t, v)),
    needs: site.needs,
    runs: [...t.hits.map((m) => run(m, [isGivenTask(site) ? {} : site.event(v)])), ...t.misses.map((m) => run(m, []))],
  };
}

/** The format gives the others neither. */
const HOOKS: readonly HookKind[] = ["syscall", "kprobe", "fentry", "uprobe", "raw tracepoint"];

export const taskCases: Case[] = plainSites
  .filter((site) => HOOKS.includes(site.hook))
  .flatMap((site) => TASK_CASES.map((t) => taskCase(site, t)));
