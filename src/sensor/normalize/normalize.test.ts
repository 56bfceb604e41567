import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { compile } from "../../core/check.ts";
import { RuntimeEvent } from "../../core/event/event.ts";
import { microsOf } from "./fields.ts";
import { parseLine } from "./line.ts";
import { normalize, type Normalized } from "./normalize.ts";

const schema = compile(RuntimeEvent);
const TIME = "2026-11-21T01:00:00.000123456Z";
const parent = { exec_id: "cA==", pid: 10, uid: 0, binary: "/usr/bin/bash", start_time: TIME };
const proc = (over: object = {}): object => ({
  exec_id: "Yw==", parent_exec_id: "cA==", pid: 42, tid: 42, ppid: 10, uid: 1000, auid: 4294967295, binary: "/usr/bin/cat",
  argv: ["cat", "/etc/shadow"], arguments: "/etc/shadow", cwd: "/", flags: "execve", start_time: TIME, cgroup: "/user.slice",
  ...over,
});
const line = (body: object, telovix: object = {}): string =>
  JSON.stringify({ ...body, node_name: "n", time: TIME, telovix: { seq: "7", run_id: "aa", boot_id: "b", cpu: 1, backend: "tp_btf", ...telovix } });
const hook = (policy_name: string, function_name: string, args: object[], more: object = {}, telovix: object = {}, process = proc()): string =>
  line({ process_kprobe: { process, parent, function_name, policy_name, args, ...more } }, telovix);

function read(text: string): Normalized {
  const parsed = parseLine(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return normalize(parsed);
}

function event(text: string): RuntimeEvent {
  const found = read(text);
  if (found.type !== "event" && found.type !== "start") throw new Error(`a ${found.type}, not an event`);
  return schema.parse({ seq: 1, ...found.draft });
}

const sock = (over: object = {}): object => ({
  sock_arg: { family: "AF_INET", type: "SOCK_STREAM", protocol: "IPPROTO_TCP", saddr: "10.0.0.2", daddr: "1.1.1.1", sport: 40000, dport: 443, ...over },
});
const file = (path: string, flags: string): object[] => [{ int_arg: -100 }, { file_arg: { path, flags, permission: "-rw-r-----" } }, { int_arg: 0 }];

describe("processes", () => {
  test("an execution says who started what", () => {
    const e = event(line({ process_exec: { process: proc(), parent } }));
    expect(e).toMatchObject({ kind: "process_exec", severity: "info", observed_at_us: microsOf(TIME)!, message: "bash (pid 10) started /usr/bin/cat /etc/shadow" });
    expect(e.process).toMatchObject({ exec_id: "Yw==", pid: 42, uid: 1000, argv: ["cat", "/etc/shadow"] });
    expect(e.process?.auid).toBeUndefined();
    expect(e.hook?.backend).toBe("tp_btf");
  });

  test("microseconds come from all nine decimals", () => {
    expect(microsOf("2026-11-21T01:00:00.000123999Z")).toBe(Date.UTC(2026, 10, 21, 1) * 1000 + 123);
    expect(microsOf("2026-11-21T01:00:00Z")).toBe(Date.UTC(2026, 10, 21, 1) * 1000);
    for (const bad of ["2026-11-21T01:00:00", "yesterday", 5, "2026-99-21T01:00:00Z"]) expect(microsOf(bad)).toBeUndefined();
  });

  test.each([
    ["from a memfd", { binary: "/memfd:x" }, { memfd: true }, "exec_memfd", "critical"],
    ["of a deleted file", {}, { nlink: "0" }, "exec_memfd", "critical"],
    ["under a kernel thread's name", { argv: ["[kworker/0:1]"] }, {}, "process_exec", "critical"],
    ["of a false sshd", { binary: "/tmp/sshd", argv: ["sshd"] }, {}, "process_exec", "critical"],
    ["from a scratch directory", { binary: "/tmp/a.out", argv: ["a.out"] }, {}, "process_exec", "warning"],
  ])("an execution %s", (_name, process, telovix, kind, severity) => {
    expect(event(line({ process_exec: { process: proc(process), parent } }, telovix))).toMatchObject({ kind, severity });
  });

  test("one found at the engine's start is ancestry, no event", () => {
    expect(read(line({ process_exec: { process: proc({ flags: "procFS" }), parent } })).type).toBe("preload");
  });

  test("an end has its code or its signal", () => {
    expect(event(line({ process_exit: { process: proc(), parent, status: 3 } }, { duration_ns: "5000" })).process).toMatchObject({ exit_code: 3, duration_us: 5 });
    const killed = event(line({ process_exit: { process: proc(), parent, signal: "SIGKILL" } }));
    expect(killed.process).toMatchObject({ exit_signal: "SIGKILL" });
    expect(killed.message).toContain("was ended by SIGKILL");
  });
});

describe("files", () => {
  test.each([
    ["/etc/shadow", "O_RDONLY", proc(), "file_open", "warning"],
    ["/etc/shadow", "O_RDONLY", proc({ binary: "/usr/sbin/sshd" }), "file_open", "info"],
    ["/etc/shadow", "O_RDONLY", proc({ binary: "/tmp/sshd" }), "file_open", "warning"],
    ["/etc/passwd", "O_RDONLY", proc(), "file_open", "info"],
    ["/root/.ssh/id_ed25519", "O_RDONLY", proc(), "file_open", "warning"],
    ["/etc/cron.d/x", "O_WRONLY|O_CREAT", proc(), "file_write", "critical"],
    ["/usr/bin/ls", "O_WRONLY|O_TRUNC", proc({ binary: "/usr/bin/dpkg" }), "file_write", "warning"],
  ])("%s with %s", (path, flags, process, kind, severity) => {
    expect(event(hook("telovix-file-open", "sys_openat", file(path, flags), { return: { int_arg: 3 } }, { watch: path }, process))).toMatchObject({
      kind, severity, file: { path, flags, watch: path },
    });
  });

  test("a write that was refused is an attempt", () => {
    const e = event(hook("telovix-file-open", "sys_openat", file("/etc/cron.d/x", "O_WRONLY"), { return: { int_arg: -13 } }));
    expect(e).toMatchObject({ severity: "warning", hook: { return_value: -13 } });
    expect(e.message).toContain("failed (errno 13)");
  });

  test.each([
    ["sys_unlinkat", [{ int_arg: -100 }, { string_arg: "/etc/x" }, { int_arg: 0 }], "file_delete", { path: "/etc/x" }],
    ["sys_renameat2", [{ int_arg: -100 }, { string_arg: "/a" }, { int_arg: -100 }, { string_arg: "/etc/b" }, { int_arg: 0 }], "file_rename", { path: "/a", target: "/etc/b" }],
    ["sys_symlinkat", [{ string_arg: "/t" }, { int_arg: -100 }, { string_arg: "/etc/l" }], "file_link", { path: "/etc/l", target: "/t" }],
    ["sys_fchmodat", [{ int_arg: -100 }, { string_arg: "/etc/x" }, { int_arg: 511 }], "file_chmod", { path: "/etc/x", mode: "0777" }],
    ["sys_setxattr", [{ string_arg: "/etc/x" }, { string_arg: "user.a" }], "file_xattr", { path: "/etc/x", target: "user.a" }],
  ])("%s", (name, args, kind, section) => {
    expect(event(hook("telovix-syscall", name, args))).toMatchObject({ kind, file: section });
  });
});

describe("network", () => {
  test("a connection and its failure", () => {
    expect(event(hook("telovix-network-baseline", "tcp_connect", [sock()]))).toMatchObject({
      kind: "network_connect",
      network: { family: "inet", protocol: "tcp", direction: "outbound", remote_addr: "1.1.1.1", remote_port: 443 },
    });
    expect(event(hook("telovix-network-baseline", "tcp_connect", [sock()], { return: { int_arg: -111 } })).kind).toBe("network_connect_failed");
    expect(event(hook("telovix-network-baseline", "tcp_connect", [sock()], { return: { int_arg: -115 } })).kind).toBe("network_connect");
  });

  test("a close has bytes and direction", () => {
    expect(
      event(hook("telovix-network-baseline", "tcp_close", [sock({ family: "AF_INET6", daddr: "::ffff:1.2.3.4" })], {}, { bytes_sent: "5", bytes_received: "7", duration_ns: "9000", direction: "inbound" })).network,
    ).toMatchObject({ family: "inet6", direction: "inbound", remote_addr: "1.2.3.4", bytes_sent: 5, bytes_received: 7, duration_us: 9 });
  });

  test("listening has no far end", () => {
    const { network } = event(hook("telovix-listen-baseline", "inet_listen", [sock({ sport: 80, saddr: "0.0.0.0", daddr: "0.0.0.0", dport: 0 }), { int_arg: 128 }]));
    expect(network).toMatchObject({ local_port: 80 });
    expect(network?.remote_addr).toBeUndefined();
  });

  test("a DNS answer", () => {
    const dns = { id: 5, rcode: 0, questions: [{ name: "example.com", type: "A" }], answers: [{ name: "example.com", type: "A", ttl: 60, data: "93.184.216.34" }] };
    expect(event(hook("telovix-dns", "dns_response", [sock({ protocol: "IPPROTO_UDP" })], {}, { dns }))).toMatchObject({
      kind: "dns_response",
      dns: { query: "example.com", qtype: "A", rcode: "NOERROR", answers: [{ data: "93.184.216.34" }] },
    });
  });
});

describe("rights and system calls", () => {
  const creds = (old_uid: number, new_uid: number, binary: string, more: object = {}) =>
    event(hook("telovix-privilege-baseline", "sys_setuid", [{ int_arg: new_uid }], more, { old_uid, new_uid }, proc({ binary })));
  test.each([
    ["to root", 1000, 0, "/usr/bin/x", "high"],
    ["to root by a container runtime", 1000, 0, "/usr/bin/runc", "info"],
    ["to root by a false container runtime", 1000, 0, "/tmp/runc", "high"],
    ["away from root", 0, 33, "/usr/sbin/apache2", "info"],
  ])("setuid %s", (_name, from, to, binary, severity) => {
    expect(creds(from, to, binary)).toMatchObject({ kind: "setuid", severity, detail: { old: String(from), new: String(to) } });
  });

  test.each([
    ["sys_ptrace", [{ int_arg: 16 }, { int_arg: 7 }], "process_ptrace", "high"],
    ["sys_mount", [{ string_arg: "/dev/sda" }, { string_arg: "/mnt" }, { string_arg: "ext4" }], "mount", "warning"],
    ["sys_kill", [{ int_arg: 7 }, { int_arg: 9 }], "process_signal", "info"],
    ["sys_memfd_create", [{ string_arg: "x" }, { int_arg: 1 }], "memfd_create", "warning"],
    ["sys_finit_module", [{ int_arg: 3 }], "kernel_module", "critical"],
    ["sys_prctl", [{ int_arg: 15 }, { string_arg: "nginx" }], "process_rename", "info"],
    ["sys_prctl", [{ int_arg: 22 }], "seccomp_set", "info"],
    ["sys_mprotect", [{ size_arg: "1" }], "memory_exec", "warning"],
    ["sys_setns", [{ int_arg: 3 }, { int_arg: 0 }], "namespace_change", "warning"],
    ["sys_bpf", [{ int_arg: 5 }], "bpf_use", "warning"],
    ["sys_capset", [], "capset", "warning"],
    ["sys_unheard_of", [], "policy_match", "warning"],
  ])("%s", (name, args, kind, severity) => {
    expect(event(hook("telovix-syscall", name, args))).toMatchObject({ kind, severity });
  });

  test("a hook of a policy of one's own keeps its name, message and tags", () => {
    expect(event(hook("my-policy", "tcp_connect", [sock()], { message: "look", tags: ["a"] }))).toMatchObject({
      kind: "policy_match", hook: { policy_name: "my-policy", function_name: "tcp_connect" }, tags: ["a"],
    });
  });
});

describe("the engine", () => {
  test("start, loss and figures", () => {
    const start = event(line({ engine_start: { version: "1", kernel: "6.1", backends: [{ sensor: "exec", hook: "h", backend: "tp_btf", status: "rejected", reason: "no" }] } }));
    expect(start).toMatchObject({ kind: "engine_start", severity: "warning", detail: { "exec/h": "tp_btf: rejected (no)" } });
    const loss = event(line({ engine_loss: { cause: "ring_exec", cpu: 0, count: "12", from_ktime_ns: "1000", to_ktime_ns: "5001000" } }));
    expect(loss).toMatchObject({ kind: "engine_loss", message: "12 events were lost (ring_exec).", loss: { cause: "ring_exec", count: 12 } });
    expect(loss.loss!.to_us - loss.loss!.from_us).toBe(5000);
    expect(read(line({ engine_stats: { events: "5", lost: "1", rss_bytes: "9" } }))).toMatchObject({ type: "stats", stats: { events: 5, lost: 1, rssBytes: 9 } });
  });

  test("lines that are none are told apart", () => {
    expect(parseLine("{")).toBe("not JSON");
    expect(parseLine("[]")).toBe("no event in it");
    expect(parseLine(JSON.stringify({ process_exec: {}, telovix: {} }))).toBe("no time in it");
    expect(parseLine(JSON.stringify({ process_exec: {}, time: TIME }))).toBe("no line number in it");
    expect(read(line({ process_dance: { process: proc() } }))).toEqual({ type: "unknown", what: "process_dance" });
    expect(read(line({ process_exec: {} }))).toEqual({ type: "unknown", what: "process_exec" });
  });
});

describe("whatever comes, what goes out fits the schema", () => {
  const samples = [
    line({ process_exec: { process: proc(), parent } }),
    hook("telovix-file-open", "sys_openat", file("/etc/shadow", "O_RDONLY")),
    hook("telovix-network-baseline", "tcp_close", [sock()], {}, { bytes_sent: "5", direction: "inbound" }),
    hook("telovix-dns", "dns_response", [sock()], {}, { dns: { id: 1, rcode: 0, questions: [{ name: "a", type: "A" }], answers: [{ name: "a", type: "A", ttl: 1, data: "b" }] } }),
    hook("telovix-syscall", "sys_mount", [{ string_arg: "a" }, { int_arg: 1 }]),
    hook("p", "f", [{ int_arg: 1 }], { message: "m", tags: ["t"] }),
    line({ engine_start: { version: "1", backends: [{ sensor: "s", hook: "h", backend: "b", status: "ok" }] } }),
    line({ engine_loss: { cause: "c", count: "1", from_ktime_ns: "1", to_ktime_ns: "2" } }),
  ].map((text) => JSON.parse(text) as object);
  const HOSTILE = fc.oneof(
    fc.constant(null), fc.integer(), fc.double(), fc.boolean(), fc.constant("\ud800"), fc.constant("x".repeat(9000)), fc.constant("-1"),
    fc.constant("99999999999999999999"), fc.string(), fc.constant([]), fc.constant({}), fc.array(fc.string(), { maxLength: 300 }),
  );
  const leaves = (value: unknown, path: string[] = []): string[][] =>
    typeof value === "object" && value !== null ? [path, ...Object.entries(value).flatMap(([k, v]) => leaves(v, [...path, k]))] : [path];

  test("with any field replaced by anything", () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), HOSTILE, (sample, at, value) => {
        const paths = leaves(sample).filter((p) => p.length > 0);
        const path = paths[at % paths.length]!;
        const copy = structuredClone(sample) as Record<string, never>;
        let target: Record<string, unknown> = copy;
        for (const key of path.slice(0, -1)) target = target[key] as Record<string, unknown>;
        target[path.at(-1)!] = value;
        const parsed = parseLine(JSON.stringify(copy));
        if (typeof parsed === "string") return;
        const found = normalize(parsed);
        if (found.type !== "event" && found.type !== "start") return;
        expect(schema.fault({ seq: 1, ...found.draft })).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  let real: string[] = [];
  try {
    real = readFileSync(new URL("../../../test/fixtures/engine/sample.jsonl", import.meta.url), "utf8").split("\n").filter(Boolean);
  } catch {
    real = [];
  }
  test.skipIf(real.length === 0)("and the lines of a real engine", () => {
    const unknown: string[] = [];
    for (const text of real) {
      const found = read(text);
      if (found.type === "unknown") unknown.push(found.what);
      if (found.type === "event" || found.type === "start") expect(schema.fault({ seq: 1, ...found.draft })).toBeUndefined();
    }
    expect(unknown).toEqual([]);
  });
});
