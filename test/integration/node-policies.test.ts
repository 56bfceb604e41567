import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { testPack, testPolicy } from "../harness/packs.ts";
import { startPolicyNode, type PolicyNode } from "../harness/policy-node.ts";
import { REPOSITORY } from "../harness/servers.ts";
import { until } from "../harness/until.ts";

const refusal = await kernelRefusesBpf();
if (refusal !== undefined) process.stderr.write(`SKIPPED: policies of a node on a real engine: ${refusal}\n`);

const root = await mkdtemp(join(tmpdir(), "telovix-node-policies-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const pack = await testPack(root, "hosts", [testPolicy("reads")]);
let homes = 0;

const policy = (name: string, action = "Post", scope = ""): string => `apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: ${name}}
spec:${scope}
  kprobes:
    - call: sys_symlinkat
      syscall: true
      args:
        - {index: 0, type: string}
      selectors:
        - matchArgs: [{index: 0, operator: Prefix, values: ["${root}/secret"]}]
          matchActions: [{action: ${action}}]
`;

const startNode = (enginePath: string): Promise<PolicyNode> =>
  startPolicyNode({ stateDir: join(root, `state-${++homes}`), enginePath, pack, criSocket: join(root, "no-runtime") });

const file = async (name: string, text: string): Promise<string> => {
  const path = join(root, `${name}.yaml`);
  await writeFile(path, text);
  return path;
};

/** Makes a link to a secret, as the policy forbids; what became of the program that did. */
async function link(n: number): Promise<string> {
  const child = Bun.spawn(["ln", "-s", `${root}/secret-${n}`, join(root, `link-${n}`)]);
  await child.exited;
  return String(child.signalCode ?? "it went on");
}

describe.skipIf(refusal !== undefined)("policies added on a node", () => {
  test("run beside the packs, tell their events, are switched, and go again", async () => {
    await using node = await startNode(join(REPOSITORY, "native/.output/telovix-engine"));
    const added = await node.cli("add", await file("links", policy("links", "Sigkill")));
    expect([added.err, added.code]).toEqual(["", 0]);
    expect(added.out).toContain("It is in force.");
    await until(() => node.told("links")?.state !== undefined && node.told("links")?.state !== "waiting");
    expect(node.told("links")).toMatchObject({ pack: "local", mode: "monitor" });

    expect(await link(1)).toBe("it went on");
    const found = (): object | undefined =>
      [...node.console.events.values()].find((e) => e.hook?.policy_name === "links");
    await until(() => found() !== undefined);
    expect(found()).toMatchObject({ kind: "policy_match", severity: "warning", hook: { monitored: true } });

    // The node's operator decides, not only how the sensor was started.
    const enforced = await node.cli("mode", "links", "enforce");
    expect([enforced.code, enforced.out]).toEqual([0, expect.stringContaining("It is in force.")]);
    await until(() => node.told("links")?.mode === "enforce");
    expect(node.told("reads")?.mode).toBe("monitor");
    expect(await link(2)).toBe("SIGKILL");

    // The switch over all of them.
    expect((await node.cli("mode", "--all", "monitor", "--json")).out).toContain('"in_force": true');
    await until(() => node.told("links")?.mode === "monitor");
    expect(await link(3)).toBe("it went on");
    await node.cli("mode", "--all", "default");
    await until(() => node.told("links")?.mode === "enforce");
    expect(await link(4)).toBe("SIGKILL");

    expect((await node.cli("mode", "links", "off")).out).toContain("It is in force.");
    await until(() => node.told("links")?.state === "off");
    expect(node.told("links")?.reason).toBe("It was switched off on the node.");
    await node.cli("mode", "links", "default");

    // Nobody says who the pods are: the policy stands, and says that it matches nothing.
    await node.cli("add", await file("pods", policy("pods", "Post", "\n  podSelector: {matchLabels: {app: web}}")));
    await until(() => node.told("pods")?.state === "degraded");
    expect(node.told("pods")?.reason).toContain("No container runtime answers on this node");

    expect((await node.cli("remove", "links")).out).toContain("It is in force.");
    await until(() => node.told("links") === undefined);
    const again = await node.cli("remove", "links");
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("was added on this node")]);
  }, 120_000);
});

describe("what is in the directory of a node's policies", () => {
  test("and is none, or bears the name of a pack's policy, is told as rejected; the rest is taken", async () => {
    await using node = await startNode(join(root, "no-engine"));
    const { localPolicies, enginePlans } = node.paths;
    await until(() => readdir(localPolicies).catch(() => undefined));
    const terminal = { out: () => {}, err: () => {}, signal: new AbortController().signal };
    const elsewhere = "\n  nodeSelector: {matchLabels: {kubernetes.io/hostname: another}}";
    for (const name of ["good", "reads", "elsewhere"]) {
      const path = await file(name, policy(name, "Post", name === "elsewhere" ? elsewhere : ""));
      const words = ["policy", "convert", path, "--to", "plan", "--out", join(localPolicies, `${name}.plan`)];
      expect(await runCli(words, terminal)).toBe(0);
    }
    await writeFile(join(localPolicies, "noise.plan"), "no plan");
    await symlink("/etc/shadow", join(localPolicies, "link.plan"));
    await writeFile(join(localPolicies, "choice.json"), '{"modes": {"good": "everything"}}');
    await until(() => node.told("choice.json") !== undefined && node.told("link.plan") !== undefined);
    for (const name of ["noise.plan", "link.plan", "choice.json"]) expect(node.told(name)?.state).toBe("rejected");
    await until(async () => (await readdir(enginePlans)).includes("good.plan"));
    expect(node.told("elsewhere")).toMatchObject({ state: "standby", reason: "Its nodeSelector names other nodes." });
    expect(await readdir(enginePlans)).not.toContain("elsewhere.plan");
    const states = node.console.heartbeats.at(-1)!.engine.policies!.filter(({ name }) => name === "reads");
    expect(states.map(({ pack: of, state }) => `${of} ${state}`)).toEqual(["hosts waiting", "local rejected"]);
    expect(new Uint8Array(await readFile(join(enginePlans, "reads.plan")))).toEqual(pack.planOf("reads"));
  }, 60_000);

  test("is written by whoever has a sensor there, and by nobody else", async () => {
    await using node = await startNode(join(root, "no-engine"));
    const bad = await node.cli("add", await file("bad", policy("bad").replace("sys_symlinkat", '""')));
    expect(bad.code).toBe(1);
    expect(await readdir(node.paths.localPolicies).catch(() => [])).toEqual([]);
    expect((await node.cli("mode", "--all", "off")).err).toContain("not to off");
    expect((await node.cli("mode", "links")).code).toBe(2);
    expect((await node.cli("remove", "../../etc/passwd")).code).toBe(1);
    let err = "";
    const terminal = { out: () => {}, err: (t: string) => void (err += t), signal: new AbortController().signal };
    expect(await runCli(["policy", "mode", "x", "off", "--dir", join(root, "nowhere")], terminal)).toBe(1);
    expect(err).toContain("No sensor is enrolled");
  }, 60_000);
});
