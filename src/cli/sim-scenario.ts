import { resolve } from "node:path";
import { parseDuration, parseNumber } from "../sim/options.ts";
import { reportText } from "../sim/report.ts";
import { runScenario, type ScenarioResult } from "../sim/scenario/run.ts";
import { SCENARIOS } from "../sim/scenario/scenarios.ts";
import { bedOf } from "./bench/bed.ts";
import { writeMeasured } from "./bench/figures.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { nearest } from "../core/nearest.ts";
import { UsageError } from "./parse.ts";
import { behaviourGiven, behaviourOf } from "./sim-behaviour.ts";

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

/** The call, as it has to be typed to play the same again. */
function callOf({ flags, args }: Call): string {
  const given = [...behaviourGiven(flags), "processes", "workers", "outage"].filter((f) => textFlag(flags, f));
  return ["telovix sim scenario", ...args, ...given.map((name) => `--${name} ${textFlag(flags, name)}`)].join(" ");
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
  const outageMs = parseDuration("outage", textFlag(flags, "outage")!);
  const given = textFlag(flags, "processes");
  const processes = given === undefined ? undefined : Math.round(parseNumber("processes", given, 1, 16));
  const bed = bedOf(flags);
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
    const behaviour = behaviourOf(flags, scenario.behaviour);
    call.err(`scenario ${scenario.name}: ${scenario.summary}\n`);
    const result = await runScenario({
      scenario,
      behaviour,
      outageMs,
      keysFrom: resolve(textFlag(flags, "state") ?? DEFAULT_STATE),
      processes: processes ?? (behaviour.n >= 1_000 ? 2 : 1),
      bed,
      ...(kafkaJars === undefined ? {} : { kafkaJars: resolve(kafkaJars) }),
      say: (line) => call.err(`  ${line}\n`),
      signal,
    });
    results.push(result);
    if (!flags["json"]) call.out(resultText(result));
    if (signal.aborted) break;
  }
  const out = textFlag(flags, "out");
  if (out !== undefined) await writeMeasured(out, callOf(call), { results });
  if (flags["json"]) call.out(`${JSON.stringify(results, null, 2)}\n`);
  return results.every((r) => r.passed) ? EXIT.ok : EXIT.failed;
}
