import { cp, mkdir, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { Lines } from "./lines.ts";
import { makePlans } from "./policies.ts";

const CACHE = resolve(".cache/bench");
const GUEST_MIB = 4096;
/** The directory whose opens are watched: fixed, since policies name it. */
const WATCHED = "/var/tmp/telovix-bench-watched";

/** A kernel to boot in a guest, or the one that runs here. */
export type Kernel = { readonly guest: string } | "here";

/** One run of native/bench/run.sh. */
export interface Job {
  /** The engine's executable. */
  readonly engine: string;
  readonly kernel: Kernel;
  readonly sections: readonly string[];
  readonly subjects: readonly string[];
  readonly counts: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limitS: number;
  /** In a guest: its clock counts instructions, so that load does not show. */
  readonly counted?: boolean;
}

const statusOf = (command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> =>
  Bun.spawn([...command], { env: { ...process.env, ...env }, stdin: "ignore", stdout: "inherit", stderr: "inherit" })
    .exited;

async function must(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const status = await statusOf(command, env);
  if (status !== 0) throw new Error(`${command[0]} ended with ${status}`);
}

/** What test/kernels/vm-run.sh ends with when the guest died. */
const DIED = 125;
const TRIES = 3;

/**
 * An emulated CPU may run a breakpoint that the kernel has taken away again (see test/kernels/run.sh): an oops "int3" where the code shows
 * none. That says nothing of what is measured.
 */
async function ranStale(consoleFile: string): Promise<boolean> {
  const text = await Bun.file(consoleFile).text();
  return text.includes("Oops: int3") && !/Code: .*/.exec(text)?.[0].includes("cc <");
}

/** Runs it in a guest that writes into `results`; what one that died had written is forgotten. */
async function inGuest(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  results: string,
): Promise<void> {
  const consoleFile = `${results}.console`;
  for (let left = TRIES - 1; ; left--) {
    const status = await statusOf([command[0]!, "-k", consoleFile, ...command.slice(1)], env);
    if (status === 0) return;
    if (status !== DIED || left === 0 || !(await ranStale(consoleFile)))
      throw new Error(`${command[0]} ended with ${status}`);
    process.stdout.write("the emulator ran a breakpoint that was no longer there; once more\n");
    await rm(env["BENCH_RESULTS"]!, { force: true });
  }
}

/** Whether an engine takes policies. */
export async function takesPolicies(engine: string): Promise<boolean> {
  return (await new Response(Bun.spawn([engine, "--help"], { stdout: "pipe" }).stdout).text()).includes("--plan ");
}

/** Runs the sections and gives what they found. Ends by itself: a guest after limitS seconds, the programs after theirs. */
export async function runJob(job: Job, peers: boolean): Promise<Lines> {
  const name = job.kernel === "here" ? "here" : job.kernel.guest;
  const results = join(CACHE, "results", name);
  const plans = join(CACHE, "plans", name);
  await rm(results, { recursive: true, force: true });
  await mkdir(results, { recursive: true });
  if (peers) await must(["native/bench/peers.sh", join(CACHE, "peers")]);
  if (job.counts.length)
    await makePlans(plans, job.counts, WATCHED, job.kernel === "here" ? "sys_connect" : "tcp_connect");
  // Copies: who builds meanwhile does not change what is measured.
  const bin = join(CACHE, "bin", name);
  await cp("native/.output/bench", bin, { recursive: true });
  await cp(job.engine, join(bin, "telovix-engine"));
  const env = {
    BENCH_RESULTS: join(results, "lines.jsonl"),
    BENCH_BIN: bin,
    BENCH_ENGINE: join(bin, "telovix-engine"),
    BENCH_PEERS: join(CACHE, "peers"),
    BENCH_PLANS: plans,
    BENCH_WATCHED: WATCHED,
    BENCH_SUBJECTS: job.subjects.join(" "),
    ...job.env,
  };
  const command = ["native/bench/run.sh", ...job.sections];
  if (job.kernel === "here") {
    await must(["timeout", "--signal=TERM", String(job.limitS), ...command], env);
  } else {
    const pass = Object.keys(env).flatMap((key) => ["-e", key]);
    const guest = [
      ...(job.counted ? ["-i"] : []),
      "-m",
      String(GUEST_MIB),
      "-t",
      String(job.limitS),
      "-s",
      results,
      ...pass,
    ];
    await inGuest(["test/kernels/vm-run.sh", ...guest, job.kernel.guest, "--", ...command], env, results);
  }
  return new Lines(await Bun.file(env.BENCH_RESULTS).text());
}

/** The one-minute load average: what others did to the cores meanwhile. */
export async function load(): Promise<number> {
  return Number((await Bun.file("/proc/loadavg").text()).split(" ")[0]);
}

export const cores = (): number => cpus().length;
