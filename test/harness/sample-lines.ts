import { compile } from "../../src/core/check.ts";
import { RuntimeEvent } from "../../src/core/event/event.ts";
import { parseLine } from "../../src/sensor/normalize/line.ts";
import { normalize, type Normalized } from "../../src/sensor/normalize/normalize.ts";

/** Lines and their reading, for the tests of this folder. */
export const schema = compile(RuntimeEvent);
export const TIME = "2026-11-21T01:00:00.000123456Z";
export const parent = { exec_id: "cA==", pid: 10, uid: 0, binary: "/usr/bin/bash", start_time: TIME };
export const proc = (over: object = {}): object => ({
  exec_id: "Yw==",
  parent_exec_id: "cA==",
  pid: 42,
  tid: 42,
  ppid: 10,
  uid: 1000,
  auid: 4294967295,
  binary: "/usr/bin/cat",
  argv: ["cat", "/etc/shadow"],
  arguments: "/etc/shadow",
  cwd: "/",
  flags: "execve",
  start_time: TIME,
  cgroup: "/user.slice",
  ...over,
});
export const line = (body: object, telovix: object = {}): string =>
  JSON.stringify({
    ...body,
    node_name: "n",
    time: TIME,
    telovix: { seq: "7", run_id: "aa", boot_id: "b", cpu: 1, backend: "tp_btf", ...telovix },
  });
export const hook = (
  policy_name: string,
  function_name: string,
  args: object[],
  more: object = {},
  telovix: object = {},
  process = proc(),
): string => line({ process_kprobe: { process, parent, function_name, policy_name, args, ...more } }, telovix);

export function read(text: string): Normalized {
  const parsed = parseLine(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return normalize(parsed);
}

export function event(text: string): RuntimeEvent {
  const found = read(text);
  if (found.type !== "event" && found.type !== "start") throw new Error(`a ${found.type}, not an event`);
  return schema.parse({ seq: 1, ...found.draft });
}

export const sock = (over: object = {}): object => ({
  sock_arg: {
    family: "AF_INET",
    type: "SOCK_STREAM",
    protocol: "IPPROTO_TCP",
    saddr: "10.0.0.2",
    daddr: "1.1.1.1",
    sport: 40000,
    dport: 443,
    ...over,
  },
});
export const file = (path: string, flags: string): object[] => [
  { int_arg: -100 },
  { file_arg: { path, flags, permission: "-rw-r-----" } },
  { int_arg: 0 },
];
