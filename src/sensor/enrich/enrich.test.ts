import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../core/check.ts";
import { Workload } from "../../core/event/workload.ts";
import { ConnectionJoin } from "./connections.ts";
import { DnsJoin } from "./dns-join.ts";
import { PodNames } from "./pod-names.ts";
import { ancestorsOf, ProcessTable } from "./process-table.ts";
import { workloadOf } from "./workload.ts";

const ID = "0123456789abcdef".repeat(4);
const UID = "6bd1dfd4-2a3c-4b6f-9e6e-0123456789ab";
const UNDER = UID.replaceAll("-", "_");
const schema = compile(Workload);

describe("workload of a cgroup path", () => {
  test.each<[string, object]>([
    // Docker: cgroupfs and systemd drivers, versions 1 and 2.
    [`/docker/${ID}`, { runtime: "docker", container_id: ID }],
    [`/system.slice/docker-${ID}.scope`, { runtime: "docker", container_id: ID }],
    [`/docker/${ID}/system.slice/nginx.service`, { runtime: "docker", container_id: ID }],
    // containerd under Kubernetes.
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDER}.slice/cri-containerd-${ID}.scope`,
      { runtime: "containerd", container_id: ID, pod_uid: UID, qos_class: "Burstable" },
    ],
    [
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDER}.slice/cri-containerd-${ID}.scope`,
      { runtime: "containerd", pod_uid: UID, qos_class: "BestEffort" },
    ],
    [
      `/kubepods.slice/kubepods-pod${UNDER}.slice/cri-containerd-${ID}.scope`,
      { runtime: "containerd", pod_uid: UID, qos_class: "Guaranteed" },
    ],
    [
      `/kubepods/burstable/pod${UID}/${ID}`,
      { runtime: "unknown", container_id: ID, pod_uid: UID, qos_class: "Burstable" },
    ],
    [`/kubepods/besteffort/pod${UID}/${ID}`, { container_id: ID, pod_uid: UID, qos_class: "BestEffort" }],
    [`/kubepods/pod${UID}/${ID}`, { container_id: ID, pod_uid: UID, qos_class: "Guaranteed" }],
    [
      `/system.slice/containerd.service/kubepods-burstable-pod${UNDER}.slice:cri-containerd:${ID}`,
      { runtime: "containerd", container_id: ID, pod_uid: UID, qos_class: "Burstable" },
    ],
    // kind: nested under the node's own container.
    [
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${UNDER}.slice/cri-containerd-${ID}.scope`,
      { runtime: "containerd", container_id: ID, pod_uid: UID, qos_class: "BestEffort" },
    ],
    // CRI-O, static pods (uid is a hash), and its monitor.
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDER}.slice/crio-${ID}.scope`,
      { runtime: "cri-o", container_id: ID, pod_uid: UID },
    ],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0123456789abcdef0123456789abcdef.slice/crio-${ID}.scope/container`,
      { runtime: "cri-o", pod_uid: "0123456789abcdef0123456789abcdef" },
    ],
    [
      `/kubepods.slice/kubepods-pod${UNDER}.slice/crio-conmon-${ID}.scope`,
      { unit: `crio-conmon-${ID}.scope`, pod_uid: UID },
    ],
    // podman, of root and of a user.
    [`/machine.slice/libpod-${ID}.scope/container`, { runtime: "podman", container_id: ID }],
    [
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
      { runtime: "podman", container_id: ID },
    ],
    [`/machine.slice/libpod-conmon-${ID}.scope`, { unit: `libpod-conmon-${ID}.scope` }],
    // containerd by hand.
    [`/default/${ID}`, { runtime: "containerd", container_id: ID }],
    [`/system.slice/nerdctl-${ID}.scope`, { runtime: "containerd", container_id: ID }],
    // System containers.
    ["/lxc.payload.web/system.slice/nginx.service", { runtime: "lxc", unit: "nginx.service" }],
    [
      "/machine.slice/systemd-nspawn@web.service/payload/system.slice/cron.service",
      { runtime: "systemd-nspawn", unit: "cron.service" },
    ],
    // The host itself.
    ["/system.slice/ssh.service", { unit: "ssh.service" }],
    ["/system.slice/system-getty.slice/getty@tty1.service", { unit: "getty@tty1.service" }],
    ["/user.slice/user-0.slice/session-3.scope", { unit: "session-3.scope" }],
    ["/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-12.scope", { unit: "app-firefox-12.scope" }],
    ["/init.scope", { unit: "init.scope" }],
  ])("%s", (path, expected) => {
    const workload = workloadOf(path)!;
    expect(workload).toMatchObject({ ...expected, cgroup: path });
    expect(schema.fault(workload)).toBeUndefined();
    if (!("container_id" in expected) && !("runtime" in expected)) expect(workload.container_id).toBeUndefined();
  });

  test("is nothing for the root, and takes the engine's word for unknown shapes", () => {
    expect(workloadOf("/")).toBeUndefined();
    expect(workloadOf(undefined)).toBeUndefined();
    expect(workloadOf("/strange/thing", ID.slice(0, 31))).toMatchObject({
      container_id: ID.slice(0, 31),
      runtime: "unknown",
    });
    expect(workloadOf("/strange/thing", "../../etc")).toEqual({ cgroup: "/strange/thing" });
  });

  test("names of pods come from the kubelet's log directory", async () => {
    const dir = await mkdtemp(join(tmpdir(), "telovix-pods-"));
    try {
      await mkdir(join(dir, `prod_web-7c5_${UID}`));
      const pods = new PodNames(dir);
      await pods.refresh(0);
      expect(pods.complete({ pod_uid: UID })).toEqual({ pod_uid: UID, namespace: "prod", pod_name: "web-7c5" });
      expect(pods.complete({ unit: "x" })).toEqual({ unit: "x" });
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

const seen = (exec_id: string, parent_exec_id: string | undefined, pid = 1) => ({
  process: {
    exec_id,
    pid,
    binary: `/bin/${exec_id}`,
    argv: [exec_id],
    ancestors: [],
    ...(parent_exec_id === undefined ? {} : { parent_exec_id }),
  },
  cgroup: undefined,
  docker: undefined,
});

describe("the process table", () => {
  test("gives ancestors nearest first, sixteen at most, and survives loops", () => {
    const table = new ProcessTable();
    for (let i = 0; i < 30; i++) table.add(seen(`p${i}`, i === 0 ? undefined : `p${i - 1}`));
    const chain = ancestorsOf(table, "p29").map((a) => a.exec_id);
    expect(chain).toHaveLength(16);
    expect(chain.slice(0, 2)).toEqual(["p29", "p28"]);
    table.add(seen("a", "b"));
    table.add(seen("b", "a"));
    expect(ancestorsOf(table, "a").map((x) => x.exec_id)).toEqual(["a", "b"]);
  });

  test("frees a process a minute after its end, and the oldest ones when it is full", () => {
    const table = new ProcessTable(100);
    table.add(seen("old", undefined));
    table.end("old", 0);
    table.end("other", 59_000_000);
    expect(table.find("old")).toBeDefined();
    table.end("other", 61_000_000);
    expect(table.find("old")).toBeUndefined();
    for (let i = 0; i < 1000; i++) table.add(seen(`x${i}`, undefined, i));
    expect(table.size).toBeLessThanOrEqual(100);
    expect(table.evicted + table.size).toBe(1000);
    expect(table.find("x999")).toBeDefined();
    for (let i = 0; i < 5000; i++) {
      table.add(seen(`y${i}`, undefined, i));
      table.end(`y${i}`, 100_000_000 + i);
    }
    expect(table.size).toBeLessThanOrEqual(100);
  });

  test("ends the program a process had before it executed another", () => {
    const table = new ProcessTable();
    table.add(seen("forked", undefined, 7));
    table.replaced(seen("forked", undefined, 7), 0);
    table.add(seen("executed", undefined, 7));
    table.replaced(seen("executed", undefined, 7), 1);
    table.end("nobody", 62_000_000);
    expect(table.find("forked")).toBeUndefined();
    expect(table.find("executed")).toBeDefined();
  });
});

test("an address has the name this process looked it up by, or failing that any process of the host, for its time", () => {
  const join_ = new DnsJoin(4);
  const answer = (query: string, data: string, ttl = 1) => ({
    query,
    qtype: "A",
    answers: [{ name: "alias", type: "A", ttl, data }],
  });
  join_.learn(1, answer("one.example.", "10.0.0.1"), 0);
  join_.learn(2, answer("two.example", "10.0.0.1"), 1);
  expect(join_.lookup(1, "10.0.0.1", 2)).toBe("one.example");
  expect(join_.lookup(9, "10.0.0.1", 2)).toBe("two.example");
  expect(join_.lookup(1, "10.0.0.9", 2)).toBeUndefined();
  expect(join_.lookup(1, "10.0.0.1", 61_000_000)).toBeUndefined();
  join_.learn(3, answer("three.example", "10.0.0.3"), 3);
  join_.learn(4, answer("four.example", "10.0.0.4"), 3);
  expect(join_.lookup(1, "10.0.0.1", 4)).toBeUndefined();
});

test("the end of a connection knows how it began", () => {
  const connections = new ConnectionJoin();
  const network = {
    family: "inet",
    protocol: "tcp",
    local_addr: "10.0.0.2",
    local_port: 5,
    remote_addr: "10.0.0.1",
    remote_port: 443,
  } as const;
  connections.opened({ ...network, direction: "outbound", dns_hostname: "one.example" }, 1_000_000);
  expect(connections.closed(network, 3_000_000)).toEqual({
    ...network,
    direction: "outbound",
    dns_hostname: "one.example",
    duration_us: 2_000_000,
  });
  expect(connections.closed(network, 4_000_000)).toEqual(network);
});
