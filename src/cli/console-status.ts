import { consoleDataDir } from "../console/config.ts";
import type { StoreHealth } from "../console/http/readiness.ts";
import type { JobStatus } from "../console/jobs/service.ts";
import type { ConsoleStatus } from "../console/planes.ts";
import type { WorkerStatus } from "../console/workers/pool.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";

/** Seconds as people say them, two units at most. */
export function spell(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const from = units.findIndex(([, size]) => seconds >= size);
  if (from < 0) return "0 s";
  let rest = Math.floor(seconds);
  const parts: string[] = [];
  for (const [unit, size] of units.slice(from, from + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

/** What others wrote may have its full stop already. */
const sentence = (text: string): string => `${text.replace(/[.\s]+$/, "")}.`;

function store({ ok, optional, runs, status, restarts = 0, reason, problem, action }: StoreHealth): string {
  const times = restarts === 1 ? "once" : `${restarts} times`;
  const kept = runs === "embedded" ? `embedded, ${restarts === 0 ? "never restarted" : `restarted ${times}`}` : runs;
  if (optional && !runs) return ok ? "well" : `${sentence(problem ?? "not well")} ${action ?? ""}`;
  if (ok) return `answers${kept ? ` (${kept})` : ""}`;
  const why = [problem, status === "running" ? undefined : reason].filter(Boolean).join("; ");
  return `NOT WELL${kept ? ` (${kept})` : ""}: ${sentence(why)} ${action ?? ""}`;
}

function counts(record: Readonly<Record<string, number>>): string {
  const named = Object.entries(record).filter(([, n]) => n > 0);
  return named.map(([name, n]) => `${n} ${name}`).join(", ");
}

function setUp(complete: boolean | null): string {
  if (complete === null) return "unknown while PostgreSQL does not answer";
  return complete ? "complete" : "not complete; 'telovix console setup-link' prints a link";
}

function workersLine(workers: readonly WorkerStatus[]): string {
  const running = workers.filter((w) => w.status === "running");
  const others = workers.filter((w) => w.status !== "running");
  const restarts = workers.reduce((sum, w) => sum + w.restarts, 0);
  const away = others.map((w) => `; worker ${w.number}: ${w.status}${w.reason ? `, ${w.reason}` : ""}`).join("");
  const connections = running.map((w) => w.connections ?? "?").join(" + ");
  return `${running.length} of ${workers.length} run (${connections} connections, ${restarts} restarts)${away}`;
}

function jobsLine(jobs: readonly JobStatus[]): string {
  const failed = jobs.filter((j) => j.outcome !== "success" && j.outcome !== null && !j.running);
  const why = failed.map((j) => `; FAILED: ${j.name}: ${j.error ?? "its process died"}`).join("");
  return `${jobs.length}, ${jobs.filter((j) => j.running).length} running${why}`;
}

/** The status as lines of `name  value`. */
export function statusText(status: ConsoleStatus): string {
  const { sensors_total: total } = status;
  const lines: [string, string][] = [
    ["version", status.version],
    ["running for", `${spell(status.uptime_secs)} (since ${status.started_at})`],
    ["address", status.url],
    ["certificate until", status.server_certificate_ends_at],
    ["set-up", setUp(status.setup_complete)],
    ...status.stores.map((s): [string, string] => [s.name, store(s)]),
    ["events", status.event_store],
  ];
  if (status.workers) lines.push(["workers", workersLine(status.workers)]);
  if (status.jobs) lines.push(["jobs", jobsLine(status.jobs)]);
  if (total !== undefined)
    lines.push(["sensors", total === 0 ? "none" : `${total} (${counts(status.health ?? {}) || "none in service"})`]);
  return lines.map(([name, value]) => `${name.padEnd(20)}${value}\n`).join("");
}

/** `telovix console status`: exit code 0 when both stores answer, 3 when one does not. */
export async function run(call: Call): Promise<number> {
  const status = await askConsole<ConsoleStatus>(consoleDataDir(textFlag(call.flags, "data-dir")), "GET", "/status");
  call.out(call.flags["json"] ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
  return status.stores.every((s) => s.ok) ? EXIT.ok : EXIT.findings;
}
