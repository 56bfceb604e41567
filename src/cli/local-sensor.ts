import { spawn } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { errorMessage } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { selfCommand } from "../core/self-command.ts";
import type { Service } from "../core/service.ts";
import { Supervisor } from "../core/supervise.ts";
import type { RunningConsole } from "../console/app.ts";

export interface LocalSensorDeps {
  readonly console: Pick<RunningConsole, "port" | "createToken" | "isSetUp">;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

const POLL_MS = 300;
const RETRY_MS = 5_000;
const MAX_ERROR_CHARS = 4_096;

/** What the Console's own surroundings say of policies holds for its sensor too. */
function policySettings(): Record<string, string> {
  const names = ["TELOVIX_SENSOR_PACKS", "TELOVIX_SENSOR_ENFORCE", "TELOVIX_SENSOR_CRI_SOCKET"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Runs `telovix enroll` as any node would; the token goes in by standard input, so that it stands in no list of processes. */
function enroll(args: readonly string[], token: string, signal: AbortSignal): Promise<void> {
  const [file, ...words] = selfCommand("enroll", ...args, "--token-file", "-");
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { stdio: ["pipe", "ignore", "pipe"], env: {}, signal });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-MAX_ERROR_CHARS);
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(said.trim() || `telovix enroll exited with ${code}`)),
    );
    child.stdin.end(`${token}\n`);
  });
}

/** A sensor for the Console's own host: once set-up is complete it enrols over mTLS like every other and is kept running. */
export function createLocalSensor({ console, dataDir, clock, log: parentLog }: LocalSensorDeps): Service {
  const log = parentLog.child("local-sensor");
  const stateDir = join(dataDir, "local-sensor");
  const isEnrolled = (): Promise<boolean> =>
    access(join(stateDir, "sensor-state.json")).then(
      () => true,
      () => false,
    );

  const join_ = async (signal: AbortSignal): Promise<void> => {
    const { token, pinned_public_key } = await console.createToken({});
    const url = `https://localhost:${console.port}`;
    await enroll(["--console", url, "--pin", pinned_public_key, "--state-dir", stateDir], token, signal);
    log.info("this host is enrolled", { state_dir: stateDir });
  };

  return {
    name: "local sensor",
    async run(signal) {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      while (!signal.aborted && !(await isEnrolled())) {
        if (!(await console.isSetUp())) {
          await clock.sleep(POLL_MS, signal);
          continue;
        }
        await join_(signal).catch(async (error: unknown) => {
          if (signal.aborted) return;
          log.error("this host could not enrol; it is tried again", { reason: errorMessage(error) });
          await clock.sleep(RETRY_MS, signal);
        });
      }
      if (signal.aborted) return;
      const sensor = new Supervisor(
        {
          name: "sensor",
          command: selfCommand("sensor", "run", "--state-dir", stateDir, "--log-format", "json", "--exit-with-parent"),
          // The node is not ours alone: a smaller heap, collected more often.
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", BUN_OPTIONS: "--smol", ...policySettings() },
          stopTimeoutMs: 20_000,
          onLine: (line) => log.info("sensor", { line }),
        },
        clock,
        log,
      );
      await sensor.run(signal);
    },
  };
}
