import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupMount } from "../../src/sensor/workloads/cgroups.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { testPack, testPolicy } from "../harness/packs.ts";
import { startPolicyNode, type PolicyNode } from "../harness/policy-node.ts";
import { until } from "../harness/until.ts";
import { REPOSITORY } from "../harness/servers.ts";
import { answer, StandInRuntime } from "../harness/stand-in-runtime.ts";

const mount = await cgroupMount().catch(() => undefined);
const refusal = (await kernelRefusesBpf()) ?? (mount === undefined ? "no control groups of version 2" : undefined);
if (refusal !== undefined) process.stderr.write(`SKIPPED: policies about pods on a real engine: ${refusal}\n`);

const root = await mkdtemp(join(tmpdir(), "telovix-workload-policies-"));
/** Of this run alone: others may be at work on this machine. */
const slice = `telovixtest${process.pid}-kubepods.slice`;
const made: string[] = [];
afterAll(async () => {
  for (const dir of made.toReversed()) await rmdir(dir).catch(() => {});
  await rm(root, { recursive: true, force: true });
});

const container = (digit: string): string => digit.repeat(64);

/** A control group named as a container runtime names a container's. */
async function groupOf(id: string, ...below: string[]): Promise<string> {
  let dir = mount!;
  for (const part of [slice, `cri-containerd-${id}.scope`, ...below]) {
    dir = join(dir, part);
    await mkdir(dir).catch(() => {});
    if (!made.includes(dir)) made.push(dir);
  }
  return dir;
}

let links = 0;
/** A program makes a link as the policies forbid, in a control group or where it is; what became of it. */
async function link(group?: string): Promise<string> {
  const target = join(root, `link-${++links}`);
  const child = Bun.spawn(["sh", "-c", `read go; exec ln -s ${root}/secret ${target}`], { stdin: "pipe" });
  if (group !== undefined) await writeFile(join(group, "cgroup.procs"), String(child.pid));
  void child.stdin.write("go\n");
  await child.stdin.end();
  await child.exited;
  return String(child.signalCode ?? "it went on");
}

const policy = (name: string, kind: string, scope: string, selector = ""): string => `apiVersion: cilium.io/v1alpha1
kind: ${kind}
metadata: {name: ${name}${kind === "TracingPolicy" ? "" : ", namespace: bank"}}
spec:
  ${scope}
  kprobes:
    - call: sys_symlinkat
      syscall: true
      args:
        - {index: 0, type: string}
      selectors:
        - matchArgs: [{index: 0, operator: Prefix, values: ["${root}/secret"]}]
          ${selector}
          matchActions: [{action: Sigkill}]
`;

async function add(node: PolicyNode, name: string, text: string): Promise<void> {
  const path = join(root, "policy.yaml");
  await writeFile(path, text);
  expect(await node.cli("add", path)).toMatchObject({ code: 0, err: "" });
  expect(await node.cli("mode", name, "enforce")).toMatchObject({ code: 0 });
  await until(() => node.told(name)?.state === "ok" && node.told(name)?.mode === "enforce");
}

describe.skipIf(refusal !== undefined)("policies about pods", () => {
  test("stop what runs in the pods they are about, and nothing else", async () => {
    const criSocket = join(root, "cri.sock");
    await using runtime = await StandInRuntime.start(criSocket);
    const [web, side, bank] = [container("a"), container("b"), container("c")];
    runtime.pods = [
      { id: container("1"), namespace: "shop", labels: { app: "web" } },
      { id: container("2"), namespace: "bank", labels: { app: "bank" } },
    ];
    runtime.containers = [
      { id: web, podId: container("1"), name: "main", image: "nginx:1.27" },
      { id: side, podId: container("1"), name: "side", image: "quay.io/org/proxy:3" },
      { id: bank, podId: container("2"), name: "main", image: "nginx:1.27" },
    ];
    const groups = { web: await groupOf(web), side: await groupOf(side), bank: await groupOf(bank) };
    const below = await groupOf(web, "init.scope");
    const enginePath = join(REPOSITORY, "native/.output/telovix-engine");
    const pack = await testPack(root, "hosts", [testPolicy("reads")]);
    await using node = await startPolicyNode({ stateDir: join(root, "state"), enginePath, pack, criSocket });
    const becomes = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const [name, group] of [
        ...Object.entries(groups),
        ["below", below] as const,
        ["outside", undefined] as const,
      ])
        if ((await link(group)) === "SIGKILL") found.push(name);
      return found;
    };
    expect(await becomes()).toEqual([]);
    expect(runtime.asked).toBe(0);

    await add(node, "pods", policy("pods", "TracingPolicy", "podSelector: {matchLabels: {app: web}}"));
    // What the engine was told takes effect a moment later, group by group.
    await until(async () => (await becomes()).length >= 3);
    expect(await becomes()).toEqual(["web", "side", "below"]);

    // A container that starts later is known soon, and one whose pod has other labels is not meant.
    const late = container("d");
    const lateGroup = await groupOf(late);
    expect(await link(lateGroup)).toBe("it went on");
    runtime.containers = [...runtime.containers, { id: late, podId: container("1"), name: "late", image: "busybox" }];
    await until(async () => (await link(lateGroup)) === "SIGKILL");

    // No container runtime: told of, and those that are known stay known.
    runtime.instead = (stream) => answer(stream, Buffer.alloc(0), "14", "away");
    await until(() => node.told("pods")?.state === "degraded");
    expect(node.told("pods")?.reason).toContain("No container runtime answers on this node");
    expect(await link(groups.web)).toBe("SIGKILL");
    runtime.instead = undefined;
    await until(() => node.told("pods")?.state === "ok");

    // Nobody it could be about: nothing is wrong with that.
    runtime.pods = [];
    await until(async () => (await link(groups.web)) === "it went on");
    expect(node.told("pods")?.state).toBe("ok");
    runtime.pods = [
      { id: container("1"), namespace: "shop", labels: { app: "web" } },
      { id: container("2"), namespace: "bank", labels: { app: "bank" } },
    ];
    await node.cli("remove", "pods");

    await add(
      node,
      "bank/of-bank",
      policy("of-bank", "TracingPolicyNamespaced", "containerSelector: {matchLabels: {repo: nginx}}"),
    );
    await until(async () => (await link(groups.bank)) === "SIGKILL");
    expect(await becomes()).toEqual(["bank"]);
    await node.cli("remove", "bank/of-bank");

    const one = "matchWorkloads: {containerSelector: {matchLabels: {name: side}}}";
    await add(node, "sides", policy("sides", "TracingPolicy", "options: []", one));
    await until(async () => (await link(groups.side)) === "SIGKILL");
    expect(await becomes()).toEqual(["side"]);
  }, 120_000);
});
