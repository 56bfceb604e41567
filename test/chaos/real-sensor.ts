import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { pidsWith, signalTo } from "../../src/sim/scenario/processes.ts";
import type { TestBed } from "../../src/sim/scenario/bed.ts";
import { BUILT_FILE } from "../harness/built-console.ts";
import { runProgram } from "../harness/program.ts";

export interface RealSensor extends AsyncDisposable {
  readonly stateDir: string;
}

/** A real sensor of this host, enrolled like any node and started again whenever it ends. */
export async function startRealSensor(bed: TestBed, home: string): Promise<RealSensor> {
  const stateDir = join(home, "sensor");
  const { token, pinned_public_key: pin } = await bed.control<CreatedToken>("POST", "/tokens", {});
  const args = ["enroll", "--console", bed.url, "--pin", pin, "--token-file", "-", "--state-dir", stateDir];
  const enrolled = await runProgram(BUILT_FILE, [...args, "--node-name", "real"], { input: token });
  if (enrolled.code !== 0) throw new Error(enrolled.err);
  let child: ChildProcess | undefined;
  let stopped = false;
  const kept = (async () => {
    while (!stopped) {
      const own = spawn(BUILT_FILE, ["sensor", "run", "--state-dir", stateDir, "--log-format", "json"], {
        stdio: "ignore",
        env: { PATH: process.env["PATH"] ?? "" },
      });
      child = own;
      await new Promise((resolve) => own.once("exit", resolve));
      if (!stopped) await Bun.sleep(300);
    }
  })();
  return {
    stateDir,
    async [Symbol.asyncDispose]() {
      stopped = true;
      child?.kill("SIGTERM");
      await kept;
      for (const pid of await pidsWith(stateDir)) signalTo(pid, "SIGKILL");
    },
  };
}
