import { spawn, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { SensorList } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import { pidsWith, signalTo } from "../../src/sim/scenario/processes.ts";
import { eventually } from "../harness/built-console.ts";
import { runProgram } from "../harness/program.ts";

const NODE = "real";

export interface RealSensor extends AsyncDisposable {
  readonly id: string;
  readonly stateDir: string;
  /** The last lines it said. */
  tail(): string;
}

export interface NodePlace {
  /** The Console's program, with what stands before it to run on the node. */
  readonly command: readonly [string, ...string[]];
  /** Where the node reaches the Console. */
  readonly consoleUrl: string;
  /** Directory its state is made below. */
  readonly home: string;
}

/** A real sensor and its engine, enrolled like any node and started again whenever it ends. Resolves once its engine runs. */
export async function startRealSensor(bed: TestBed, place: NodePlace): Promise<RealSensor> {
  const stateDir = join(place.home, "sensor");
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const [file, ...words] = place.command;
  const { token, pinned_public_key: pin } = await bed.control<CreatedToken>("POST", "/tokens", {});
  const call = ["--pin", pin, "--token-file", "-", "--state-dir", stateDir, "--node-name", NODE];
  const enrolled = await runProgram(file, [...words, "enroll", "--console", place.consoleUrl, ...call], {
    input: token,
  });
  if (enrolled.code !== 0) throw new Error(enrolled.err);
  let child: ChildProcess | undefined;
  let said = "";
  let stopped = false;
  const kept = (async () => {
    while (!stopped) {
      const own = spawn(file, [...words, "sensor", "run", "--state-dir", stateDir, "--log-format", "json"], {
        stdio: ["ignore", "ignore", "pipe"],
        env: { PATH: process.env["PATH"] ?? "" },
      });
      child = own;
      own.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
      await new Promise((resolve) => own.once("exit", resolve));
      if (!stopped) await Bun.sleep(300);
    }
  })();
  const dispose = async (): Promise<void> => {
    stopped = true;
    child?.kill("SIGTERM");
    const patience = setTimeout(() => child?.kill("SIGKILL"), 20_000);
    await kept;
    clearTimeout(patience);
    for (const pid of await pidsWith(stateDir)) signalTo(pid, "SIGKILL");
  };
  try {
    const { sensor_id: id } = await eventually(async () =>
      (await bed.api<SensorList>("GET", "/api/v1/sensors")).sensors.find(
        (s) => s.node_name === NODE && s.runtime_state === "running",
      ),
    );
    return { id, stateDir, tail: () => said.split("\n").slice(-15).join("\n"), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
