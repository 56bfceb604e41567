import { runWorker } from "../sim/fleet/worker.ts";
import { EXIT, type Call } from "./command.ts";

/** `telovix internal sim`: a process of the simulator, told what to do line by line. */
export async function run(call: Call): Promise<number> {
  await runWorker(process.stdin, call.out);
  return EXIT.ok;
}
