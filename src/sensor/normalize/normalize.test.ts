import { describe, expect, test } from "bun:test";
import { microsOf } from "./fields.ts";
import { parseLine } from "./line.ts";
import { event, file, hook, line, parent, proc, read, sock, TIME } from "../../../test/harness/sample-lines.ts";

describe("processes", () => {
  test("an execution says who started what", () => {
    const e = event(line({ process_exec: { process: proc(), parent } }));
    expect(e).toMatchObject({
      kind: "process_exec",
      severity: "info",
      observed_at_us: microsOf(TIME)!,
      message: "bash (pid 10) started /usr/bin/cat /etc/shadow",
    });
    expect(e.process).toMatchObject({ exec_id: "Yw==", pid: 42, uid: 1000, argv: ["cat", "/etc/shadow"] });
    expect(e.process?.auid).toBeUndefined();
    expect(e.hook?.backend).toBe("tp_btf");
  });

  test("microseconds come from all nine decimals", () => {
    expect(microsOf("2026-11-21T01:00:00.000123999Z")).toBe(Date.UTC(2026, 10, 21, 1) * 1000 + 123);
    expect(microsOf("2026-11-21T01:00:00Z")).toBe(Date.UTC(2026, 10, 21, 1) * 1000);
    for (const bad of ["2026-11-21T01:00:00", "yesterday", 5, "2026-99-21T01:00:00Z"])
      expect(microsOf(bad)).toBeUndefined();
  });

  test.each([
    ["from a memfd", { binary: "/memfd:x" }, { memfd: true }, "exec_memfd", "critical"],
    ["of a deleted file", {}, { nlink: "0" }, "exec_memfd", "critical"],
    ["under a kernel thread's name", { argv: ["[kworker/0:1]"] }, {}, "process_exec", "critical"],
    ["of a false sshd", { binary: "/tmp/sshd", argv: ["sshd"] }, {}, "process_exec", "critical"],
    ["from a scratch directory", { binary: "/tmp/a.out", argv: ["a.out"] }, {}, "process_exec", "warning"],
  ])("an execution %s", (_name, process, telovix, kind, severity) => {
    expect(event(line({ process_exec: { process: proc(process), parent } }, telovix))).toMatchObject({
      kind,
      severity,
    });
  });

  test("one found at the engine's start is ancestry, no event", () => {
    expect(read(line({ process_exec: { process: proc({ flags: "procFS" }), parent } })).type).toBe("preload");
  });

  test("an end has its code or its signal", () => {
    expect(
      event(line({ process_exit: { process: proc(), parent, status: 3 } }, { duration_ns: "5000" })).process,
    ).toMatchObject({ exit_code: 3, duration_us: 5 });
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
    expect(
      event(
        hook(
          "telovix-file-open",
          "sys_openat",
          file(path, flags),
          { return: { int_arg: 3 } },
          { watch: path },
          process,
        ),
      ),
    ).toMatchObject({
      kind,
      severity,
      file: { path, flags, watch: path },
    });
  });

  test("a write that was refused is an attempt", () => {
    const e = event(
      hook("telovix-file-open", "sys_openat", file("/etc/cron.d/x", "O_WRONLY"), { return: { int_arg: -13 } }),
    );
    expect(e).toMatchObject({ severity: "warning", hook: { return_value: -13 } });
    expect(e.message).toContain("failed (errno 13)");
  });

  test.each([
    ["sys_unlinkat", [{ int_arg: -100 }, { string_arg: "/etc/x" }, { int_arg: 0 }], "file_delete", { path: "/etc/x" }],
    [
      "sys_renameat2",
      [{ int_arg: -100 }, { string_arg: "/a" }, { int_arg: -100 }, { string_arg: "/etc/b" }, { int_arg: 0 }],
      "file_rename",
      { path: "/a", target: "/etc/b" },
    ],
    [
      "sys_symlinkat",
      [{ string_arg: "/t" }, { int_arg: -100 }, { string_arg: "/etc/l" }],
      "file_link",
      { path: "/etc/l", target: "/t" },
    ],
    [
      "sys_fchmodat",
      [{ int_arg: -100 }, { string_arg: "/etc/x" }, { int_arg: 511 }],
      "file_chmod",
      { path: "/etc/x", mode: "0777" },
    ],
    [
      "sys_setxattr",
      [{ string_arg: "/etc/x" }, { string_arg: "user.a" }],
      "file_xattr",
      { path: "/etc/x", target: "user.a" },
    ],
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
    expect(event(hook("telovix-network-baseline", "tcp_connect", [sock()], { return: { int_arg: -111 } })).kind).toBe(
      "network_connect_failed",
    );
    expect(event(hook("telovix-network-baseline", "tcp_connect", [sock()], { return: { int_arg: -115 } })).kind).toBe(
      "network_connect",
    );
  });

  test("a close has bytes and direction", () => {
    expect(
      event(
        hook(
          "telovix-network-baseline",
          "tcp_close",
          [sock({ family: "AF_INET6", daddr: "::ffff:1.2.3.4" })],
          {},
          { bytes_sent: "5", bytes_received: "7", duration_ns: "9000", direction: "inbound" },
        ),
      ).network,
    ).toMatchObject({
      family: "inet6",
      direction: "inbound",
      remote_addr: "1.2.3.4",
      bytes_sent: 5,
      bytes_received: 7,
      duration_us: 9,
    });
  });

  test("listening has no far end", () => {
    const { network } = event(
      hook("telovix-listen-baseline", "inet_listen", [
        sock({ sport: 80, saddr: "0.0.0.0", daddr: "0.0.0.0", dport: 0 }),
        { int_arg: 128 },
      ]),
    );
    expect(network).toMatchObject({ local_port: 80 });
    expect(network?.remote_addr).toBeUndefined();
  });

  test("a DNS answer", () => {
    const dns = {
      id: 5,
      rcode: 0,
      questions: [{ name: "example.com", type: "A" }],
      answers: [{ name: "example.com", type: "A", ttl: 60, data: "93.184.216.34" }],
    };
    expect(event(hook("telovix-dns", "dns_response", [sock({ protocol: "IPPROTO_UDP" })], {}, { dns }))).toMatchObject({
      kind: "dns_response",
      dns: { query: "example.com", qtype: "A", rcode: "NOERROR", answers: [{ data: "93.184.216.34" }] },
    });
  });
});

describe("rights and system calls", () => {
  const creds = (old_uid: number, new_uid: number, binary: string, more: object = {}) =>
    event(
      hook(
        "telovix-privilege-baseline",
        "sys_setuid",
        [{ int_arg: new_uid }],
        more,
        { old_uid, new_uid },
        proc({ binary }),
      ),
    );
  test.each([
    ["to root", 1000, 0, "/usr/bin/x", "high"],
    ["to root by a container runtime", 1000, 0, "/usr/bin/runc", "info"],
    ["to root by a false container runtime", 1000, 0, "/tmp/runc", "high"],
    ["away from root", 0, 33, "/usr/sbin/apache2", "info"],
  ])("setuid %s", (_name, from, to, binary, severity) => {
    expect(creds(from, to, binary)).toMatchObject({
      kind: "setuid",
      severity,
      detail: { old: String(from), new: String(to) },
    });
  });

  test.each([
    ["sys_ptrace", [{ int_arg: 16 }, { int_arg: 7 }], "process_ptrace", "high"],
    ["sys_mount", [{ string_arg: "/dev/sda" }, { string_arg: "/mnt" }, { string_arg: "ext4" }], "mount", "warning"],
    ["sys_kill", [{ int_arg: 7 }, { int_arg: 9 }], "process_signal", "info"],
    ["sys_memfd_create", [{ string_arg: "x" }, { int_arg: 1 }], "memfd_create", "info"],
    ["sys_finit_module", [{ int_arg: 3 }], "kernel_module", "critical"],
    ["sys_prctl", [{ int_arg: 15 }, { string_arg: "nginx" }], "process_rename", "info"],
    ["sys_prctl", [{ int_arg: 22 }], "seccomp_set", "info"],
    ["sys_mprotect", [{ size_arg: "1" }], "memory_exec", "info"],
    ["sys_setns", [{ int_arg: 3 }, { int_arg: 0 }], "namespace_change", "warning"],
    ["sys_bpf", [{ int_arg: 5 }], "bpf_use", "warning"],
    ["sys_capset", [], "capset", "warning"],
    ["sys_unheard_of", [], "policy_match", "warning"],
  ])("%s", (name, args, kind, severity) => {
    expect(event(hook("telovix-syscall", name, args))).toMatchObject({ kind, severity });
  });

  test("a hook of a policy of one's own keeps its name, message and tags", () => {
    expect(event(hook("my-policy", "tcp_connect", [sock()], { message: "look", tags: ["a"] }))).toMatchObject({
      kind: "policy_match",
      hook: { policy_name: "my-policy", function_name: "tcp_connect" },
      tags: ["a"],
    });
  });
});

describe("control groups", () => {
  test("are written to all day; only what reaches out of a group is critical", () => {
    const written = (path: string) => event(hook("telovix-file-open", "sys_openat", file(path, "O_WRONLY")));
    expect(written("/sys/fs/cgroup/system.slice/cgroup.procs")).toMatchObject({ kind: "file_write", severity: "info" });
    expect(written("/sys/fs/cgroup/rdma/release_agent")).toMatchObject({ kind: "file_write", severity: "critical" });
  });
});

describe("the engine", () => {
  test("start, loss and figures", () => {
    const start = event(
      line({
        engine_start: {
          version: "1",
          kernel: "6.1",
          backends: [{ sensor: "exec", hook: "h", backend: "tp_btf", status: "rejected", reason: "no" }],
        },
      }),
    );
    expect(start).toMatchObject({
      kind: "engine_start",
      severity: "warning",
      detail: { "exec/h": "tp_btf: rejected (no)" },
    });
    const loss = event(
      line({ engine_loss: { cause: "ring_exec", cpu: 0, count: "12", from_ktime_ns: "1000", to_ktime_ns: "5001000" } }),
    );
    expect(loss).toMatchObject({
      kind: "engine_loss",
      message: "12 events were lost (ring_exec).",
      loss: { cause: "ring_exec", count: 12 },
    });
    expect(loss.loss!.to_us - loss.loss!.from_us).toBe(5000);
    expect(read(line({ engine_stats: { events: "5", lost: "1", rss_bytes: "9" } }))).toMatchObject({
      type: "stats",
      stats: { events: 5, lost: 1, rssBytes: 9 },
    });
  });

  test("that reads the kernel's memory the slower way for no good reason warns of it", () => {
    const started = (reads: object) => event(line({ engine_start: { version: "1", backends: [], reads } }));
    expect(started({ way: "helper" }).severity).toBe("info");
    expect(started({ way: "helper", reason: "a: refused" })).toMatchObject({
      severity: "warning",
      detail: { reads: "helper: a: refused" },
    });
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
