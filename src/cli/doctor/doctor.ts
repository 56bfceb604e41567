import { EXIT, textFlag, type Call } from "../command.ts";
import { UsageError } from "../parse.ts";
import { buildInfo } from "../../core/build-info.ts";
import { sensorConfig } from "../../sensor/config.ts";
import { checkEngine } from "./engine.ts";
import type { Finding } from "./finding.ts";
import { checkHost } from "./host.ts";
import { checkKernel } from "./kernel.ts";
import { checkSensor } from "./sensor.ts";

const MARK: Record<Finding["status"], string> = {
  ok: "ok      ",
  limited: "limited ",
  missing: "missing ",
  unknown: "unknown ",
};

function print(findings: readonly Finding[], out: (text: string) => void): void {
  const width = Math.max(...findings.map((f) => f.name.length)) + 2;
  for (const f of findings) {
    out(`${MARK[f.status]}${f.name.padEnd(width)}${f.message}\n`);
    if (f.hint) out(`${" ".repeat(8 + width)}${f.hint}\n`);
  }
}

/** `telovix doctor`. */
export async function run(call: Call): Promise<number> {
  const port = Number(textFlag(call.flags, "port"));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError("--port is a number from 1 to 65535.", "The default is 15483.");
  const { stateDir } = sensorConfig({ stateDir: textFlag(call.flags, "state-dir") });
  const info = buildInfo();
  const findings = [
    ...(await checkKernel()),
    ...(await checkHost(textFlag(call.flags, "data-dir") ?? "/var/lib", port, info.builtAtMs)),
    ...(await checkEngine(call.signal)),
    ...(await checkSensor(stateDir, Date.now())),
  ];
  const worst = findings.some((f) => f.status === "missing")
    ? "missing"
    : findings.some((f) => f.status === "limited")
      ? "limited"
      : "ok";
  if (call.flags["json"]) call.out(`${JSON.stringify({ verdict: worst, version: info.version, findings }, null, 2)}\n`);
  else {
    print(findings, call.out);
    const said = {
      ok: "This host can run everything.",
      limited: "This host can run Telovix, with the limits named above.",
      missing: "Something the sensor needs is missing here; the Console may still run.",
    };
    call.out(`\n${said[worst]}\n`);
  }
  return { ok: EXIT.ok, limited: EXIT.findings, missing: EXIT.failed }[worst];
}
