import { resolve } from "node:path";
import { parseNumber } from "../sim/options.ts";
import { reportText } from "../sim/report.ts";
import { runScenario, type ScenarioResult } from "../sim/scenario/run.ts";
import { SCENARIOS } from "../sim/scenario/scenarios.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { nearest } from "../core/nearest.ts";
import { UsageError } from "./parse.ts";
import { behaviourOf } from "./sim-behaviour.ts";

const DEFAULT_STATE = "/var/lib/telovix-sim";

function resultText(r: ScenarioResult): string {
  const list = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  return [
    reportText(r.report).trimEnd(),
    `console    CPU s: ${list(r.console.cpu_s)}; ${r.console.cpu_ms_per_sensor_and_s} CPU ms a sensor and second; MB: ${list(r.console.rss_mb)}`,
    `figures    ${list(r.figures)}`,
    r.passed ? `PASSED: ${r.scenario}` : `FAILED: ${r.scenario}: ${r.problem}`,
    "",
  ].join("\n");
}

/** `telovix sim scenario`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const name = call.args[0];
  if (name === undefined) {
    for (const s of SCENARIOS) call.out(`${s.name.padEnd(18)}${s.summary}\n`);
    return EXIT.ok;
  }
  const chosen = name === "all" ? SCENARIOS : SCENARIOS.filter((s) => s.name === name);
  if (chosen.length === 0) {
    const close = nearest(
      name,
      SCENARIOS.map((s) => s.name),
    );
    throw new UsageError(
      `There is no scenario '${name}'.`,
      `Did you mean '${close}'? 'telovix sim scenario' lists them.`,
    );
  }
  const behaviour = behaviourOf(flags);
  const processes = textFlag(flags, "processes");
  const parent = textFlag(flags, "dir");
  const workers = textFlag(flags, "workers");
  const kafkaJars = textFlag(flags, "kafka-jars") || process.env["TELOVIX_SIM_KAFKA_JARS"] || undefined;
  const results: ScenarioResult[] = [];
  for (const scenario of chosen) {
    if (scenario.kafka && kafkaJars === undefined && name === "all") {
      call.err(`SKIPPED: scenario ${scenario.name}: --kafka-jars does not say where a broker is\n`);
      continue;
    }
    if (scenario.kafka && kafkaJars === undefined)
      throw new UsageError(
        `The scenario ${scenario.name} needs a Kafka broker.`,
        "Name the directory of Apache Kafka's jar files with --kafka-jars; it is started with the Java of this host.",
      );
    call.err(`scenario ${scenario.name}: ${scenario.summary}\n`);
    const result = await runScenario({
      scenario,
      behaviour,
      keysFrom: resolve(textFlag(flags, "state") ?? DEFAULT_STATE),
      processes:
        processes === undefined
          ? behaviour.n >= 1_000
            ? 2
            : 1
          : Math.round(parseNumber("processes", processes, 1, 16)),
      bed: {
        ...(parent === undefined ? {} : { parent: resolve(parent) }),
        ...(workers === undefined ? {} : { args: ["--workers", workers] }),
      },
      ...(kafkaJars === undefined ? {} : { kafkaJars: resolve(kafkaJars) }),
      say: (line) => call.err(`  ${line}\n`),
      signal,
    });
    results.push(result);
    if (!flags["json"]) call.out(resultText(result));
    if (signal.aborted) break;
  }
  if (flags["json"]) call.out(`${JSON.stringify(results, null, 2)}\n`);
  return results.every((r) => r.passed) ? EXIT.ok : EXIT.failed;
}
