import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  accountFigures,
  accounts,
  bytesPerEvent,
  costFigures,
  costs,
  delayFigures,
  kernelBytesPerPolicy,
  memoryFigures,
  type Figure,
} from "./bench-engine/figures.ts";
import { Lines } from "./bench-engine/lines.ts";
import { figureTable, isKept, markdown, type EngineReport, type Place } from "./bench-engine/report.ts";
import { cores, load, runJob, takesPolicies, type Kernel } from "./bench-engine/run.ts";
import { soakResult } from "./bench-engine/soak.ts";

/**
 * bench-engine.ts [--kernel K] [--rounds N]            what the engine costs and whether it loses anything
 * bench-engine.ts --counted [--kernel K]               what it costs in instructions, whatever else runs on the machine
 * bench-engine.ts --soak MINUTES [--kernel K | here]   whether it grows
 *
 * K is a kernel of test/kernels/vm-run.sh. --engine FILE measures another build than native/.output's.
 */
const POLICIES = [1, 10, 100];
const { values } = parseArgs({
  options: {
    kernel: { type: "string", default: "6.12" },
    rounds: { type: "string", default: "5" },
    soak: { type: "string" },
    counted: { type: "boolean", default: false },
    engine: { type: "string", default: "native/.output/telovix-engine" },
  },
});
const engine = resolve(values.engine);
const kernel: Kernel = values.kernel === "here" ? "here" : { guest: values.kernel };
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function save(part: EngineReport): Promise<void> {
  const file = Bun.file("docs/bench/engine.json");
  const before = (await file.exists()) ? ((await file.json()) as EngineReport) : {};
  const report = { ...before, ...part };
  await mkdir("docs/bench", { recursive: true });
  await Bun.write(file, `${JSON.stringify(report, null, 2)}\n`);
  await Bun.write("docs/bench/engine.md", markdown(report));
}

function place(lines: Lines, guest: boolean): Place {
  const losses = lines.of("loss");
  const perPolicy = kernelBytesPerPolicy(lines.of("memory"));
  return {
    kernel: lines.of("machine")[0]?.kernel ?? "unknown",
    guest,
    costs: costs(lines),
    accounts: accounts(losses),
    delays: lines.of("delay"),
    memory: lines.of("memory"),
    ...(perPolicy ? { kernel_bytes_per_policy: { ...perPolicy } } : {}),
    bytes_per_event: bytesPerEvent(losses),
  };
}

const figuresOf = (p: Place): Figure[] => {
  const named = (figures: readonly Figure[]): Figure[] =>
    figures.map((f) => ({ ...f, name: `${p.guest ? "guest" : "here"}: ${f.name}` }));
  return named([
    ...costFigures(p.costs),
    ...accountFigures(p.accounts, p.guest),
    ...delayFigures(p.delays),
    ...memoryFigures(p.memory),
  ]);
};

async function bench(): Promise<readonly Figure[]> {
  const command = `make bench-engine BENCH_KERNEL=${values.kernel}`;
  const before = await load();
  say(`load ${before}: what others do on these cores is in every figure`);
  const counts = (await takesPolicies(engine)) ? POLICIES : [];
  if (!counts.length) say("######## THIS ENGINE TAKES NO POLICIES: ONLY ITS BUILT-IN SENSORS ARE MEASURED ########");
  const engines = ["engine-0", ...counts.map((n) => `engine-${n}`)];
  const env = { BENCH_ROUNDS: values.rounds };
  const subjects = ["nothing", ...engines, "auditd", "bpftrace"];
  const runs = [
    await runJob({ engine, kernel, sections: ["memory", "delay", "loss"], subjects, counts, limitS: 1200 }, true),
  ];
  // A guest for each round: one that dies takes no other with it.
  for (let round = 1; round <= Number(values.rounds); round++)
    runs.push(
      await runJob(
        {
          engine,
          kernel,
          sections: ["latency"],
          subjects,
          counts,
          env: { BENCH_ROUNDS: "1", BENCH_FIRST: String(round) },
          limitS: 900,
        },
        true,
      ),
    );
  const there = Lines.all(runs);
  const here = await runJob(
    {
      engine,
      kernel: "here",
      sections: ["delay", "loss", "latency"],
      subjects: ["nothing", ...engines],
      counts,
      env: { ...env, BENCH_COUNTS: "2000 50000 5000 5000" },
      limitS: 1200,
    },
    false,
  );
  const places = [place(there, true), place(here, false)];
  const figures = places.flatMap(figuresOf);
  await save({ command, cores: cores(), load_before: before, load_after: await load(), places, figures });
  return figures;
}

async function counted(): Promise<readonly Figure[]> {
  const lines = await runJob(
    {
      engine,
      kernel,
      sections: ["latency"],
      subjects: ["nothing", "engine-0", "engine-1", "engine-100", "auditd", "bpftrace"],
      counts: [1, 100],
      env: { BENCH_ROUNDS: values.rounds, BENCH_COUNTS: "300 3000 2000 1000" },
      limitS: 1500,
      counted: true,
    },
    true,
  );
  const all = costs(lines);
  const result = {
    command: `bun scripts/bench-engine.ts --counted --kernel ${values.kernel} --rounds ${values.rounds}`,
    kernel: lines.of("machine")[0]?.kernel ?? "unknown",
    costs: all,
    figures: costFigures(all, true),
  };
  await save({ counted: result });
  return result.figures;
}

async function soak(minutes: string): Promise<readonly Figure[]> {
  const lines = await runJob(
    {
      engine,
      kernel,
      sections: ["soak"],
      subjects: [],
      counts: (await takesPolicies(engine)) ? [1] : [],
      env: { BENCH_MINUTES: minutes },
      limitS: Number(minutes) * 60 + 300,
    },
    false,
  );
  const result = soakResult(lines, `make soak-engine MINUTES=${minutes} BENCH_KERNEL=${values.kernel}`);
  await save(kernel === "here" ? { soak_here: result } : { soak: result });
  return result.figures;
}

const figures = values.counted ? await counted() : values.soak === undefined ? await bench() : await soak(values.soak);
say(figureTable(figures));
process.exit(figures.every(isKept) ? 0 : 1);
