import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { eventLine } from "./event-line.ts";

const process = { binary: "/usr/bin/cat", pid: 200 };
const line = (kind: string, event: object, time = "2026-11-21T01:02:03.456789000Z"): string =>
  JSON.stringify({ [kind]: { process, ...event }, node_name: "n1", time });
const text = (kind: string, event: object): string => eventLine(line(kind, event))!.text;

describe("a line for people", () => {
  test("a call with its result, what was done and why", () => {
    const event = {
      function_name: "sys_openat",
      args: [{ string_arg: "/etc/shadow" }, { int_arg: 0, label: "flags" }],
      return: { int_arg: -13 },
      action: "KPROBE_ACTION_OVERRIDE",
      policy_name: "keep",
      message: "Hands off.",
    };
    const said = eventLine(line("process_kprobe", event))!;
    expect(said.text).toBe('01:02:03.456  cat[200]  sys_openat("/etc/shadow", flags=0) = -13 → override  # Hands off.');
    expect(said.policy).toBe("keep");
  });

  test.each([
    [
      "process_lsm",
      { function_name: "file_open", args: [{ file_arg: { path: "/a", permission: "-rw" } }] },
      "file_open(/a)",
    ],
    [
      "process_kprobe",
      {
        function_name: "tcp_connect",
        args: [{ sock_arg: { protocol: "IPPROTO_TCP", saddr: "::1", sport: 1, daddr: "10.0.0.1", dport: 443 } }],
        action: "KPROBE_ACTION_POST",
      },
      "tcp_connect(TCP [::1]:1 → 10.0.0.1:443)",
    ],
    [
      "process_kprobe",
      { function_name: "f", args: [{ sockaddr_arg: { addr: "10.0.0.1", port: 25 } }] },
      "f(10.0.0.1:25)",
    ],
    ["process_kprobe", { function_name: "f", args: [{ bytes_arg: btoa("hey\n") }] }, 'f("hey\\u{a}")'],
    ["process_tracepoint", { subsys: "sched", event: "x", args: [{ size_arg: "12" }] }, "sched/x(12)"],
    ["process_uprobe", { path: "/bin/bash", symbol: "readline" }, "/bin/bash:readline()"],
    ["process_usdt", { path: "/a", provider: "p", name: "n" }, "/a:p:n()"],
  ])("%s", (kind, event, expected) => expect(text(kind, event)).toEndWith(`cat[200]  ${expected}`));

  test("losses are told", () => {
    const said = eventLine(
      JSON.stringify({ engine_loss: { cause: "ring_main", count: "5" }, time: "2026-11-21T01:02:03Z" }),
    );
    expect(said).toEqual({ text: "01:02:03  lost 5 (ring_main)", policy: "" });
  });

  test("what is no event is nothing", () => {
    for (const other of ["", "{", "[]", "1", '{"engine_stats":{}}']) expect(eventLine(other)).toBeUndefined();
  });
});

test("whatever a line holds, a terminal only prints it", () => {
  const anyArg = fc.dictionary(fc.constantFrom("string_arg", "file_arg", "bytes_arg", "label", "x"), fc.anything());
  fc.assert(
    fc.property(
      fc.record({ function_name: fc.anything(), args: fc.array(anyArg), message: fc.string({ unit: "binary" }) }),
      fc.string({ unit: "binary" }),
      (event, binary) => {
        const said = eventLine(
          JSON.stringify({ process_kprobe: { ...event, process: { binary } } }, (_, v: unknown) =>
            typeof v === "bigint" ? `${v}` : v,
          ),
        );
        expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(said!.text)).toBe(false);
        expect(said!.text.length).toBeLessThan(700);
      },
    ),
  );
});
