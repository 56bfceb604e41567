/**
 * bun run.ts [--short] [--only TEXT] [--again KEPT] [--json FILE] [--engine FILE] PREPARED: tries the prepared cases on this kernel. Root.
 * Prints "ok …", "not ok …" and "skip …" lines and a closing total; writes the outcomes to FILE. With --again only what failed, or was not
 * there yet, when the outcomes in KEPT were made; the others are taken from there.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { playBudgets } from "./budgets.ts";
import { callScenes } from "./play-calls.ts";
import { guardScenes } from "./play-guards.ts";
import { killedScenes } from "./play-killed.ts";
import { playedBefore, settled } from "./kept.ts";
import { nameOf, playScenes } from "./scene.ts";
import { DIR, type Case, type Truth } from "./case.ts";
import { CASES, groupsOf } from "./cases.ts";
import { Engine, type PolicyState } from "./engine.ts";
import { learnFacts, moduleFile, needsOf, type Facts } from "./facts.ts";
import { clearGround, layGround } from "./ground.ts";
import { tellWorkloads } from "./workloads.ts";
import { isMissed, type Line } from "./match.ts";
import { playMutants } from "./mutants.ts";
import { judge, type Result } from "./outcome.ts";
import { directoryOf, type Compiled } from "./prepare.ts";
import { playScenarios } from "./scenarios.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Emulated machines are some twenty times slower. */
const START_MS = 300_000;
const TOLD_MS = 30_000;
/** On a real-time kernel each program waits for a grace period of its own when it is detached. */
const STOP_MS = 120_000;
const BATCH_MS = 240_000;
/** How often what was missed while runs were skipped is tried again. */
const AGAIN = 2;

const { values: options, positionals } = parseArgs({
  options: {
    short: { type: "boolean" },
    only: { type: "string" },
    again: { type: "string" },
    json: { type: "string" },
    engine: { type: "string" },
    keep: { type: "boolean" },
  },
  allowPositionals: true,
});
const prepared = resolve(positionals[0] ?? `${import.meta.dir}/../../.output/policy-cases`);
const binary = options.engine ?? resolve(import.meta.dir, "../../.output/telovix-engine");
const out = `${DIR}/out`;

/** Runs every run of the cases in one process, so that an emulated machine does not drown in it. */
async function actAll(cases: readonly Case[]): Promise<Map<string, Truth>> {
  const batch = cases.flatMap((c, i) => c.runs.map((run, j) => [`${i}.${j}`, ...run.act].join("\t")));
  writeFileSync(`${DIR}/batch`, `${batch.join("\n")}\nend\tnothing\n`);
  const act = spawn(`${DIR}/bin/act`, ["batch", `${DIR}/batch`], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  act.stdout.on("data", (data: Buffer) => (text += data.toString()));
  const timer = setTimeout(() => act.kill("SIGKILL"), BATCH_MS);
  await new Promise((done) => act.on("close", done));
  clearTimeout(timer);
  const truths = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Truth]));
  return new Map(truths.map((truth) => [truth.id, truth]));
}

interface Found {
  readonly results: readonly Result[];
  /** Those that missed something while the kernel skipped runs of programs, which the engine told as lost. */
  readonly skipped: readonly Case[];
}

async function runGroup(
  group: string,
  cases: readonly Case[],
  facts: Facts,
  manifest: ReadonlyMap<string, Compiled>,
): Promise<Found> {
  const plans = `${DIR}/plans/${directoryOf(group)}`;
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  const loaded = cases.filter((c) => manifest.get(c.name)?.plan !== undefined);
  for (const c of loaded)
    copyFileSync(`${prepared}/plans/${directoryOf(c.group)}/${c.name}.plan`, `${plans}/${c.name}.plan`);
  tellWorkloads(plans);
  const engine = new Engine(binary, out, plans);
  const began = performance.now();
  const states = await engine.policies(loaded.length, START_MS);
  const started = performance.now();
  let truths = new Map<string, Truth>();
  let lines: readonly Line[] = [];
  let trouble: string | undefined;
  if (states === undefined) {
    trouble =
      engine.ended === undefined
        ? "the engine did not get ready in time"
        : `the engine ended (${engine.ended}) while it loaded: ${engine.complaint}`;
  } else {
    truths = await actAll(cases);
    const end = truths.get("end");
    if (end === undefined) trouble = "act did not come to its end";
    else if (!(await engine.told(end.pid, TOLD_MS)))
      trouble =
        engine.ended === undefined
          ? "the engine does not tell of the last run"
          : `the engine ended (${engine.ended}): ${engine.complaint}`;
  }
  // What it says at the end: it may have switched a policy off meanwhile, with a reason.
  const last = states === undefined ? [] : (engine.states() ?? states);
  const acted = performance.now();
  const stopped = await engine.stop(STOP_MS);
  // After its end: calls whose return it waited for are told then.
  if (states !== undefined) lines = engine.lines();
  if (stopped !== "0" && trouble === undefined)
    trouble = `the engine did not end in order (${stopped}): ${engine.complaint}`;
  // All works, and each program is twice as long on its way: nothing else would tell.
  trouble ??= engine.complaintOf("memory by its helper");
  if (options.keep === true && existsSync(out)) say(`# ${group}: events kept in ${out}`);
  const times = [started - began, acted - started, performance.now() - acted]
    .map((ms) => (ms / 1000).toFixed(1))
    .join(" + ");
  say(`# ${group}: ${cases.length} cases, load + run + stop ${times} s, ${lines.length} lines`);
  const state = new Map<string, PolicyState>(last.map((s) => [s.name, s]));
  const losses = lines.filter((line) => line.kind === "engine_loss");
  const lost = losses.reduce((sum, line) => sum + Number(line.event["count"]), 0);
  const byPolicy = Map.groupBy(lines, (line) => String(line.event["policy_name"] ?? line.kind));
  const truthsOf = (c: Case): (Truth | undefined)[] => c.runs.map((_, j) => truths.get(`${cases.indexOf(c)}.${j}`));
  const linesOf = (c: Case): readonly Line[] => byPolicy.get(c.name) ?? [];
  const results = cases.map((c) =>
    judge(c, facts, {
      compiled: manifest.get(c.name),
      state: state.get(c.name),
      truths: truthsOf(c),
      lines: linesOf(c),
      lost,
      ...(trouble === undefined ? {} : { trouble }),
    }),
  );
  const skips = trouble === undefined && losses.some((line) => line.event["cause"] === "recursion");
  const skipped = cases.filter(
    (c, i) => skips && results[i]?.outcome === "FAILED" && isMissed(c, truthsOf(c), linesOf(c)),
  );
  return { results, skipped };
}

function show(result: Result): void {
  const { outcome, reason = "" } = result;
  const words = { refused: "ok", works: "ok", degraded: "ok", "not possible": "skip", FAILED: "not ok" }[outcome];
  const said = [outcome, reason].filter((part) => part !== "" && part !== "works" && part !== "FAILED");
  say([`${words} ${result.name}`, ...said].join(": ").replaceAll("\n", "\n    "));
}

const manifest = new Map(
  (JSON.parse(readFileSync(`${prepared}/manifest.json`, "utf8")) as Compiled[]).map((m) => [m.name, m]),
);
const SCENES = [...guardScenes, ...killedScenes, ...callScenes];
const before = options.again === undefined ? [] : playedBefore(options.again);
const done = settled(before);
const isDone = (name: string): boolean => done.some((result) => result.name === name);
/** Has one of those failed that are played in one go? */
const isOpen =
  options.again === undefined ||
  before.some(
    ({ name }) => !isDone(name) && !CASES.some((c) => c.name === name) && !SCENES.some((s) => nameOf(s) === name),
  );
const chosen = CASES.filter(
  (c) =>
    !isDone(c.name) &&
    (options.short !== true || c.short === true) &&
    (options.only === undefined || c.name.includes(options.only) || c.group.includes(options.only)),
);
// The short form loads all at once: an engine's start is what costs on an emulated machine.
const groups = options.short === true ? new Map([["short", chosen]]) : groupsOf(chosen);
const fresh: Result[] = [];
// Outside: what somebody else has laid is not ours to clear away.
layGround(`${prepared}/act`);
try {
  const facts = learnFacts(binary, chosen.flatMap(needsOf));
  const known = [...facts.has].filter((fact) => !fact.startsWith("symbol:")).toSorted();
  if (facts.has.has("module")) copyFileSync(moduleFile(facts.kernel), `${DIR}/module.ko`);
  say(`# ${facts.kernel}: ${known.join(" ")}`);
  for (const [group, cases] of groups) {
    let { results, skipped } = await runGroup(group, cases, facts, manifest);
    // Emulated, a kernel that preempts programs skips many runs. It was told; what they do is seen the next time.
    for (let i = 0; i < AGAIN && skipped.length > 0; i++) {
      say(`# ${group}: once more, since the kernel skipped runs: ${skipped.map(({ name }) => name).join(" ")}`);
      const next = await runGroup(group, skipped, facts, manifest);
      results = results.map((result) => next.results.find(({ name }) => name === result.name) ?? result);
      skipped = next.skipped;
    }
    results.forEach(show);
    fresh.push(...results);
  }
  // The short form leaves them out where everything takes twenty times as long.
  const plays = options.short !== true || !existsSync("/run/vm-run");
  if (plays && (options.only === undefined || options.only === "scenarios")) {
    const found = [
      ...(isOpen ? await playScenarios(binary, out, prepared) : []),
      ...(await playScenes(SCENES.filter((scene) => !isDone(nameOf(scene))), binary, out, prepared)),
      ...(isOpen ? await playBudgets(binary, out, prepared) : []),
    ];
    found.forEach(show);
    fresh.push(...found);
  }
  if (plays && isOpen && (options.only === undefined || options.only === "mutants")) {
    const found = await playMutants(binary, out, prepared, options.json && `${options.json}-mutants`);
    found.forEach(show);
    fresh.push(...found);
  }
  const results = [...new Map([...done, ...fresh].map((result) => [result.name, result])).values()];
  if (options.json !== undefined)
    writeFileSync(options.json, JSON.stringify({ kernel: facts.kernel, has: known, results }, null, 1));
} finally {
  if (options.keep !== true) clearGround();
}
rmSync(`${DIR}/batch`, { force: true });
const count = (...outcomes: readonly string[]): number => fresh.filter((r) => outcomes.includes(r.outcome)).length;
say(`${count("refused", "works", "degraded")} passed, ${count("FAILED")} failed, ${count("not possible")} skipped`);
process.exit(count("FAILED") === 0 ? 0 : 1);
