import { resolve } from "node:path";
import { measureStream } from "../sim/bench/stream.ts";
import { verdictText } from "../sim/report.ts";
import { bedOf } from "./bench/bed.ts";
import { figuresText, isWithin, writeFigures, type Figure } from "./bench/figures.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { behaviourOf } from "./sim-behaviour.ts";

const DEFAULT_STATE = "/var/lib/telovix-sim";

/** `telovix bench stream`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const behaviour = behaviourOf(flags);
  const say = (line: string): void => call.err(`${line}\n`);
  const r = await measureStream(
    {
      behaviour,
      processes: behaviour.n >= 1_000 ? 2 : 1,
      bed: bedOf(flags),
      keysFrom: resolve(textFlag(flags, "state") ?? DEFAULT_STATE),
    },
    say,
    signal,
  );
  const cpu = r.cpuMsPerSensorAndSec;
  const server = cpu.console + cpu.clickhouse + cpu.postgres;
  const figures: Figure[] = [
    { name: "alert to browser, p50", value: r.alertMs.quantile(0.5), unit: "ms" },
    { name: "alert to browser, p99", value: r.alertMs.quantile(0.99), unit: "ms", budget: 2_000 },
    { name: "alerts seen, of those made", value: (100 * r.seen) / Math.max(1, r.alerts), unit: "%" },
    { name: "heartbeat, p50", value: r.heartbeatMs.quantile(0.5), unit: "ms" },
    { name: "heartbeat, p99", value: r.heartbeatMs.quantile(0.99), unit: "ms", budget: 1_000 },
    { name: "acknowledgement, p99", value: r.ackMs.quantile(0.99), unit: "ms" },
    { name: "events that do not add up", value: r.verdict.mismatches.length, unit: "sensors", budget: 0 },
    { name: "Console, resident", value: r.consoleRssBytes / 1e6, unit: "MB", budget: 1_500 },
    { name: "Console", value: cpu.console, unit: "CPU ms a sensor and second" },
    { name: "ClickHouse", value: cpu.clickhouse, unit: "CPU ms a sensor and second" },
    { name: "PostgreSQL", value: cpu.postgres, unit: "CPU ms a sensor and second" },
    { name: "simulator", value: cpu.simulator, unit: "CPU ms a sensor and second" },
    { name: "sensors two cores carry without the simulator", value: 2_000 / server, unit: "sensors" },
  ];
  say(verdictText(r.verdict));
  const out = textFlag(flags, "out");
  if (out !== undefined)
    await writeFigures(out, `telovix bench stream --n ${behaviour.n} --eps ${behaviour.eps}`, figures);
  call.out(flags["json"] ? `${JSON.stringify(figures, null, 2)}\n` : figuresText(figures));
  return figures.every(isWithin) ? EXIT.ok : EXIT.failed;
}
