import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";

/** Where a policy looks at connections: the function of the kernel, or the call where it has no kprobes. */
export type Variant = "tcp_connect" | "sys_connect";

const CHURN = 30;
/** Policies in one file: fewer than it may hold. */
const PER_FILE = 50;

/** The hooks of every policy are the same: only their number and what they look for differ. */
function policy(name: string, prefix: string, cidr: string, variant: Variant): string {
  const connect =
    variant === "tcp_connect"
      ? {
          call: "tcp_connect",
          syscall: false,
          args: [{ index: 0, type: "sock" }],
          selectors: [{ matchArgs: [{ index: 0, operator: "DAddr", values: [cidr] }] }],
        }
      : {
          call: "sys_connect",
          syscall: true,
          args: [{ index: 1, type: "sockaddr" }],
          selectors: [{ matchArgs: [{ index: 1, operator: "SAddr", values: [cidr] }] }],
        };
  const open = {
    call: "sys_openat",
    syscall: true,
    args: [
      { index: 0, type: "int" },
      { index: 1, type: "string" },
    ],
    selectors: [{ matchArgs: [{ index: 1, operator: "Prefix", values: [prefix] }] }],
  };
  return stringify({
    apiVersion: "cilium.io/v1alpha1",
    kind: "TracingPolicy",
    metadata: { name },
    spec: { kprobes: [open, connect] },
  });
}

/** Compiles the policies into dir/NAME.plan, with the command a user has. */
async function compile(dir: string, policies: readonly (readonly [string, string])[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (let at = 0; at < policies.length; at += PER_FILE) {
    const file = `${dir}-${at}.yaml`;
    const some = policies.slice(at, at + PER_FILE);
    await Bun.write(file, some.map(([, text]) => text).join("---\n"));
    const command = ["src/main.ts", "policy", "convert", "--to", "plan", file, "--out", `${dir}/`];
    const run = Bun.spawn([process.execPath, ...command], { stdout: "ignore", stderr: "pipe" });
    if ((await run.exited) !== 0) throw new Error(`no plans: ${await new Response(run.stderr).text()}`);
  }
}

const idle = (n: number, label: string, variant: Variant): readonly [string, string] => {
  const name = `bench-${label}-${String(n).padStart(3, "0")}`;
  return [name, policy(name, `/srv/${name}/`, `10.${label.length}.${n}.0/24`, variant)];
};

/**
 * Writes dir/N/*.plan for each number of policies: one that matches opens below `watched` and connections to this host, and N - 1
 * that match nothing; and dir/churn/*.plan, which match nothing either.
 */
export async function makePlans(
  dir: string,
  counts: readonly number[],
  watched: string,
  variant: Variant,
): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  const all: (readonly [string, string])[] = [
    ["bench-match", policy("bench-match", `${watched}/`, "127.0.0.0/8", variant)],
  ];
  for (let n = 1; n < Math.max(...counts); n++) all.push(idle(n, "idle", variant));
  for (const count of counts) await compile(join(dir, String(count)), all.slice(0, count));
  await compile(
    join(dir, "churn"),
    Array.from({ length: CHURN }, (_, n) => idle(n, "churn", variant)),
  );
}
