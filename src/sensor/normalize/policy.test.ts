import { describe, expect, test } from "bun:test";
import { KINDS } from "../../core/event/kinds.ts";
import type { RuntimeEvent } from "../../core/event/event.ts";
import { hook, line, parent, proc, schema, sock } from "../../../test/harness/sample-lines.ts";
import { testPolicy } from "../../../test/harness/packs.ts";
import type { EmbeddedPolicy } from "../../core/payload/embedded-files.ts";
import { knownPolicies, type KnownPolicies } from "../policy/known.ts";
import { parseLine } from "./line.ts";
import { normalize, type Normalized } from "./normalize.ts";

function known(...policies: EmbeddedPolicy[]): KnownPolicies {
  const file = { file: "", sizeBytes: 0, sha256: "" };
  return knownPolicies([{ id: "pack", version: "0.1.0", title: "A pack", enforcementCapable: true, policies, file }]);
}

function read(text: string, policies: KnownPolicies): Normalized {
  const parsed = parseLine(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return normalize(parsed, policies);
}

function event(text: string, ...policies: EmbeddedPolicy[]): RuntimeEvent {
  const found = read(text, known(...policies));
  if (found.type !== "event") throw new Error(`a ${found.type}, not an event`);
  return schema.parse({ seq: 1, ...found.draft });
}

const SHADOW = testPolicy("shadow", { title: "Password hashes", severity: "critical", kind: "file_open" });
const PATH = [
  { int_arg: -100, label: "dirfd" },
  { string_arg: "/etc/shadow", label: "path" },
  { int_arg: 0, label: "flags" },
];

describe("an event of a pack's policy", () => {
  test("has the kind, severity and techniques of the pack, and says what was touched and by whom", () => {
    const e = event(
      hook("shadow", "__x64_sys_openat", PATH, { message: "Hashes opened", tags: ["T1003.008"] }),
      SHADOW,
    );
    expect(e).toMatchObject({
      kind: "file_open",
      severity: "critical",
      message: "Hashes opened: /etc/shadow, by /usr/bin/cat (pid 42, uid 1000)",
      file: { path: "/etc/shadow" },
      detail: { dirfd: "-100", path: "/etc/shadow", flags: "0" },
      tags: ["T1003.008"],
      hook: { policy_name: "shadow", function_name: "__x64_sys_openat" },
    });
  });

  test("goes by the policy's title and techniques where the line has none", () => {
    const e = event(hook("shadow", "sys_openat", []), SHADOW);
    expect(e.message).toBe("Password hashes, by /usr/bin/cat (pid 42, uid 1000)");
    expect(e.tags).toEqual(["T1003.008"]);
  });

  const byHook = testPolicy("ids", {
    kind: "setuid",
    kinds: { sys_setgid: "setgid", file_open: "lsm_file_open", kernel_read_file: "lsm_kernel_read" },
    severities: { sys_setgid: "info" },
  });
  test.each([
    ["sys_setuid", [], "setuid", "high"],
    ["__x64_sys_setgid", [], "setgid", "info"],
    ["security_file_open", [], "lsm_file_open", "high"],
    ["kernel_read_file", [{ int_arg: 3, label: "purpose" }], "lsm_kernel_read", "high"],
    ["kernel_read_file", [{ int_arg: 2, label: "purpose" }], "kmod_file_read", "high"],
  ] as const)("at %s is of its hook's kind and severity", (name, args, kind, severity) =>
    expect(event(hook("ids", name, [...args], { message: "m m" }), byHook)).toMatchObject({ kind, severity }),
  );

  test.each([
    [
      "a rename",
      [
        { string_arg: "/a", label: "old" },
        { string_arg: "/etc/b", label: "new" },
      ],
      "/a → /etc/b",
      { path: "/a", target: "/etc/b" },
    ],
    [
      "a link",
      [
        { string_arg: "/t", label: "target" },
        { string_arg: "/l", label: "link" },
      ],
      "/l → /t",
      { path: "/l", target: "/t" },
    ],
    [
      "an open file",
      [{ file_arg: { path: "/f", flags: "O_RDONLY" }, label: "file" }],
      "/f",
      { path: "/f", flags: "O_RDONLY" },
    ],
    [
      "numbers",
      [
        { int_arg: 17, label: "family" },
        { int_arg: 524291, label: "type" },
      ],
      "family AF_PACKET, type SOCK_RAW",
      undefined,
    ],
    ["a name that is no path", [{ string_arg: "x_tables", label: "module" }], "x_tables", undefined],
    ["nothing", [], "", undefined],
  ])("tells %s", (_name, args, touched, file) => {
    const e = event(hook("p", "sys_socket", args, { message: "Thing done" }), testPolicy("p"));
    expect(e.message).toStartWith(touched === "" ? "Thing done, by" : `Thing done: ${touched}, by `);
    expect(e.file).toEqual(file as never);
  });

  test.each([
    [
      "sockaddr_arg",
      { family: "AF_INET", addr: "10.0.0.9", port: 3333 },
      "peer",
      { remote_addr: "10.0.0.9", remote_port: 3333, direction: "outbound", family: "inet" },
      "10.0.0.9:3333",
    ],
    [
      "sockaddr_arg",
      { family: "AF_INET6", addr: "::ffff:10.0.0.9", port: 80 },
      "local",
      { local_addr: "10.0.0.9", local_port: 80, direction: "inbound", family: "inet6" },
      "10.0.0.9:80",
    ],
    [
      "sockaddrun_arg",
      { family: "AF_UNIX", path: "/run/docker.sock" },
      "peer",
      { remote_addr: "/run/docker.sock", family: "unix" },
      "/run/docker.sock",
    ],
  ])("tells the address of a %s", (key, value, label, network, touched) => {
    const e = event(
      hook(
        "p",
        "sys_connect",
        [
          { int_arg: 3, label: "fd" },
          { [key]: value, label },
        ],
        { message: "Went out" },
      ),
      testPolicy("p", { kind: "network_connect" }),
    );
    expect(e.network).toMatchObject(network);
    expect(e.message).toStartWith(`Went out: ${touched}, by `);
  });

  test("tells of a socket both ends", () => {
    const e = event(
      hook("p", "tcp_connect", [{ ...sock(), label: "socket" }], { message: "Went out" }),
      testPolicy("p"),
    );
    expect(e.network).toMatchObject({ protocol: "tcp", remote_addr: "1.1.1.1", local_addr: "10.0.0.2" });
  });

  test("names the parent where the process is what was started", () => {
    const args = [{ linux_binprm_arg: { path: "/tmp/x" }, label: "program" }];
    const body = { process: proc({ binary: "/tmp/x" }), parent, policy_name: "p", message: "Begun", args };
    const e = event(
      line({ process_tracepoint: { ...body, subsys: "sched", event: "sched_process_exec" } }),
      testPolicy("p"),
    );
    expect(e.message).toBe("Begun: /tmp/x, started by /usr/bin/bash (pid 10)");
  });

  test("says what was done about it", () => {
    const of = (telovix: object): RuntimeEvent =>
      event(hook("shadow", "sys_openat", PATH, { message: "Hashes opened" }, telovix), SHADOW);
    expect(of({ monitored: true })).toMatchObject({
      hook: { monitored: true },
      message: expect.stringContaining("monitor mode: it was not stopped"),
    });
    expect(of({ enforced: { method: "lsm", stopped: true, error: -1 } })).toMatchObject({
      hook: { enforced: { method: "lsm", stopped: true } },
      message: expect.stringContaining("; it was stopped"),
    });
    expect(of({ enforced: { method: "signal", stopped: false } })).toMatchObject({
      hook: { enforced: { method: "signal", stopped: false } },
      message: expect.stringContaining("was sent a signal"),
    });
    expect(of({}).hook).not.toHaveProperty("enforced");
  });
});

describe("names", () => {
  const CONNECT = testPolicy("telovix-network-baseline", {
    title: "Connections",
    kind: "network_connect",
    severity: "info",
  });
  test("of the engine's own sensors are theirs, also where a policy bears one", () => {
    const own = read(hook("telovix-network-baseline", "tcp_connect", [sock()]), known(CONNECT));
    expect(own).toMatchObject({ draft: { message: expect.stringContaining("connected to 1.1.1.1:443") } });
    expect(own).not.toHaveProperty("fromPolicy");
    const told = read(
      hook("telovix-network-baseline", "tcp_connect", [sock()], { message: "TCP connection opened" }),
      known(CONNECT),
    );
    expect(told).toMatchObject({
      fromPolicy: true,
      draft: { message: expect.stringContaining("TCP connection opened: 1.1.1.1:443") },
    });
  });

  test("that only look like it are of policies", () => {
    const e = event(hook("telovix-custom-1", "sys_openat", PATH, { message: "Mine" }));
    expect(e).toMatchObject({ kind: "policy_match", severity: KINDS.policy_match.severity });
    expect(e.message).toContain("matched telovix-custom-1 at sys_openat: Mine");
  });
});

describe("hands on the engine's own BPF objects", () => {
  const bpf = (tamper: object | undefined): RuntimeEvent =>
    event(
      hook(
        "telovix-syscall",
        "sys_bpf",
        [{ bpf_cmd_arg: "BPF_MAP_UPDATE_ELEM" }],
        {},
        tamper === undefined ? {} : { tamper },
      ),
    );
  test.each([
    ["changed", "critical", "changed a BPF map of this engine (id 12)"],
    ["opened", "warning", "opened a BPF map of this engine (id 12)"],
  ])("%s: %s", (act, severity, says) => {
    const e = bpf({ object: "map", id: 12, act });
    expect(e).toMatchObject({ kind: "engine_tamper", severity, detail: { object: "map", id: "12", act } });
    expect(e.message).toContain(says);
  });
  test("others' are use of bpf()", () => expect(bpf(undefined).kind).toBe("bpf_use"));
});

test("a policy that switched itself off is an alert of its own, with its name and why", () => {
  const reason = "Switched off: it matched 300000 times a second for 5 seconds; 200000 is the most it may.";
  const e = event(line({ engine_policy_off: { policy_name: "team/watch-all", reason } }));
  expect(e).toMatchObject({
    kind: "policy_off",
    severity: "high",
    hook: { policy_name: "team/watch-all" },
    detail: { reason },
  });
  expect(e.message).toBe(`The policy team/watch-all is not in force any more. ${reason}`);
});
