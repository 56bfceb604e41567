/**
 * Marks: what is decided where a call begins and carried out behind. Several policies ask at one call without undoing each
 * other, and an event says `stopped` where the call was, and only there. They are loaded together.
 */
import { ALPHA, BETA, DIR, type Case, type HookKind, type JsonObject, type Truth, type Wanted } from "../case.ts";
import { arg, kprobe, match, syscall, tracepoint } from "../spec.ts";
import { MONITOR } from "./told.ts";

const EPERM = 1;
const EACCES = 13;
const REFUSED = 111;
const O_PATH = 0x200000;
const NEEDS = ["lsm|cgroup_connect"];

const override = (call: string, index: number, filter: JsonObject, argError: number, type = "sockaddr"): JsonObject =>
  syscall(call, {
    args: [arg(index, type)],
    selectors: [{ matchArgs: [filter], matchActions: [{ action: "Override", argError }] }],
  });
const connects = (ports: readonly string[], argError = -EACCES): JsonObject =>
  override("sys_connect", 1, match(1, "SPort", ports), argError);

/** Asks the enforcer of one call at every call's entry. */
const atEveryCall = (call: string, number: string, action: JsonObject, binary = ALPHA): JsonObject => ({
  enforcers: [{ calls: [call] }],
  ...tracepoint("raw_syscalls/sys_enter", {
    args: [arg(4, "syscall64")],
    selectors: [
      {
        matchArgs: [match(4, "InMap", [number])],
        matchBinaries: [{ operator: "In", values: [binary] }],
        matchActions: [{ action: "NotifyEnforcer", ...action }],
      },
    ],
  }),
});

const stopped = (error: number): JsonObject => ({ telovix: { enforced: { stopped: true, error: -error } } });
const MARKED: JsonObject = { telovix: { enforced: { method: "mark", stopped: false, error: null } } };
/** Whatever the kernel asks on the way: the event says what happened. */
const asItWas: Wanted = (truth: Truth) => (truth.errno === EACCES ? stopped(EACCES) : MARKED);
const asReturned: Wanted = (truth: Truth) => stopped(truth.errno);

const connect = (port: string, binary = ALPHA): string[] => [`exec=${binary}`, "connect", "127.0.1.4", port, "127.0.2.4", "0"];
const link = (name: string, binary = ALPHA): string[] => [`exec=${binary}`, "symlink", name, `${DIR}/${name}-link`];

const marks = (
  name: string,
  spec: JsonObject,
  runs: Case["runs"],
  more: { readonly needs?: readonly string[]; readonly hook?: HookKind; readonly short?: boolean } = {},
): Case => ({
  name: `marks-${name}`,
  group: "marks",
  hook: more.hook ?? "syscall",
  shows: { other: `several policies deny: ${name}` },
  spec,
  needs: more.needs ?? NEEDS,
  runs,
  ...(more.short === false ? {} : { short: true }),
});

export const markCases: Case[] = [
  marks("connect", connects(["17831", "17832"]), [
    { act: connect("17831"), events: [stopped(EACCES)], effect: { ret: -1, errno: EACCES } },
    { act: connect("17832"), events: [asReturned], effect: { ret: -1 } },
    { act: connect("17833"), events: [], effect: { ret: -1, errno: REFUSED } },
  ]),
  // Another error for the same call: that of the policy loaded first is returned, and both say so.
  marks("connect-too", connects(["17832"], -EPERM), [
    { act: connect("17832"), events: [asReturned], effect: { ret: -1 } },
  ]),
  // Runs between the mark and the gate where it is attached behind the others, which its name decides; only watches, and never
  // matches.
  marks(
    "beside",
    { ...atEveryCall("sys_dup3", "500", { argError: -1, argSig: 9 }), ...MONITOR },
    [{ act: connect("17831"), events: [], effect: { ret: -1, errno: EACCES } }],
    { hook: "tracepoint" },
  ),
  marks(
    "symlink",
    atEveryCall("sys_symlinkat", "266", { argError: -EACCES }),
    [{ act: link("tx-marked"), events: [stopped(EACCES)], effect: { ret: -1, errno: EACCES } }],
    { needs: ["lsm"], hook: "tracepoint" },
  ),
  // Enforces at the same call, and never matches.
  marks(
    "symlink-never",
    override("sys_symlinkat", 0, match(0, "Equal", ["tx-never"]), -EPERM, "string"),
    [{ act: link("tx-marked"), events: [], effect: { ret: -1, errno: EACCES } }],
    { needs: ["lsm"] },
  ),
  marks(
    "at-every-call",
    atEveryCall("sys_connect", "42", { argError: -EPERM }, BETA),
    [{ act: connect("17839", BETA), events: [stopped(EPERM)], effect: { ret: -1, errno: EPERM } }],
    { hook: "tracepoint", short: false },
  ),
  // What a policy asks for at one place it takes back at another before the kernel asks, and for itself alone.
  marks(
    "taken-back",
    {
      ...atEveryCall("sys_symlinkat", "266", { argError: -EPERM }, BETA),
      ...kprobe("do_symlinkat", { selectors: [{ matchActions: [{ action: "CleanupEnforcerNotification" }] }] }),
    },
    [{ act: link("tx-back", BETA), among: true, events: [MARKED], effect: { ret: 0 } }],
    { needs: ["kprobe", "lsm"] },
  ),
  marks(
    "never-asked",
    connects(["0", "17834", "17835", "17836"]),
    // Of raw sockets the gate is not asked, nor of addresses that are none; an LSM hook may be.
    [
      { act: ["connect-raw", "127.0.1.4"], events: [asItWas] },
      { act: ["connect-length", "127.0.1.4", "17834", "4"], events: [asItWas] },
      { act: ["connect-length", "127.0.1.4", "17835", "300"], events: [MARKED], effect: { ret: -1, errno: 22 } },
      { act: ["connect", "127.0.1.4", "17836", "127.0.2.4", "0"], events: [stopped(EACCES)], effect: { errno: EACCES } },
    ],
  ),
  marks(
    "open-path",
    override("sys_openat", 1, match(1, "Equal", [`${DIR}/file`]), -EACCES, "string"),
    // A descriptor of the path alone is given without asking.
    [
      { act: ["open", `${DIR}/file`, String(O_PATH)], events: [MARKED] },
      { act: ["open", `${DIR}/file`, "0"], events: [stopped(EACCES)], effect: { ret: -1, errno: EACCES } },
    ],
    { needs: ["lsm"], short: false },
  ),
  // More of it where a scene makes so many wait that the last finds no room (play-calls.ts).
  marks(
    "crowd",
    connects(["17837", "17838"]),
    [{ act: connect("17837"), events: [stopped(EACCES)], effect: { ret: -1, errno: EACCES } }],
    { short: false },
  ),
];
