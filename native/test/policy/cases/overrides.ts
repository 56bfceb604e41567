/** Override and monitor mode, where a refusal can be seen. */
import { DIR, FILE, type Case, type JsonObject } from "../case.ts";
import { arg, kprobe, lsm, match, syscall } from "../spec.ts";
import { done, MONITOR, monitored } from "./told.ts";

/** Override: what the caller gets, that the call did not happen, and that only what was meant is stopped. */
const EPERM = 1;
const overridden = (event: JsonObject): JsonObject => ({
  ...event,
  ...done("OVERRIDE"),
  telovix: { enforced: { stopped: true } },
});
export const overrideCases: Case[] = [
  {
    name: "lsm-override",
    group: "lsm",
    hook: "lsm",
    shows: { action: "Override" },
    spec: lsm("path_truncate", {
      args: [arg(0, "path")],
      selectors: [
        { matchArgs: [match(0, "Equal", [`${DIR}/keep-lsm`])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm"],
    runs: [
      {
        act: ["truncate", `${DIR}/keep-lsm`, "0"],
        events: [overridden({ args: [{ path_arg: { path: `${DIR}/keep-lsm` } }] })],
        effect: { ret: -1, errno: EPERM },
      },
      { act: ["look", `${DIR}/keep-lsm`], events: [], effect: { extra: { text: "text of keep-lsm" } } },
      { act: ["truncate", `${DIR}/lose`, "0"], events: [], effect: { ret: 0 } },
    ],
    short: true,
  },
  {
    name: "lsm-override-monitor",
    group: "lsm",
    hook: "lsm",
    shows: { action: "Override monitor" },
    spec: {
      ...lsm("path_truncate", {
        args: [arg(0, "path")],
        selectors: [
          { matchArgs: [match(0, "Equal", [`${DIR}/lose-lsm`])], matchActions: [{ action: "Override", argError: -1 }] },
        ],
      }),
      ...MONITOR,
    },
    needs: ["lsm"],
    runs: [
      {
        act: ["truncate", `${DIR}/lose-lsm`, "0"],
        events: [{ args: [{ path_arg: { path: `${DIR}/lose-lsm` } }], ...monitored("OVERRIDE") }],
        effect: { ret: 0 },
      },
      { act: ["look", `${DIR}/lose-lsm`], events: [], effect: { ret: 0, extra: { text: "" } } },
    ],
  },
  {
    name: "lsm-override-error",
    group: "lsm",
    hook: "lsm",
    shows: { action: "Override" },
    spec: lsm("file_fcntl", {
      args: [arg(1, "uint32")],
      selectors: [{ matchArgs: [match(1, "Equal", ["6901"])], matchActions: [{ action: "Override", argError: -13 }] }],
    }),
    needs: ["lsm"],
    runs: [
      {
        act: ["fcntl", FILE, "6901", "0"],
        events: [overridden({ args: [{ uint_arg: 6901 }] })],
        effect: { ret: -1, errno: 13 },
      },
    ],
  },
  {
    name: "security-function-override",
    group: "kprobe",
    hook: "kprobe",
    shows: { action: "Override" },
    spec: kprobe("security_inode_mkdir", {
      args: [arg(1, "dentry")],
      selectors: [
        { matchArgs: [match(1, "Postfix", ["tx-refused"])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm|fmod_ret"],
    runs: [
      {
        act: ["mkdir", `${DIR}/tx-refused`],
        events: [overridden({ function_name: "~security_inode_mkdir" })],
        effect: { ret: -1, errno: EPERM },
      },
      { act: ["mkdir", `${DIR}/tx-granted`], events: [], effect: { ret: 0 } },
    ],
  },
  {
    name: "security-function-override-monitor",
    group: "kprobe",
    hook: "kprobe",
    shows: { action: "Override monitor" },
    spec: {
      ...kprobe("security_inode_mkdir", {
        args: [arg(1, "dentry")],
        selectors: [
          { matchArgs: [match(1, "Postfix", ["tx-looked-at"])], matchActions: [{ action: "Override", argError: -1 }] },
        ],
      }),
      ...MONITOR,
    },
    needs: ["lsm|fmod_ret"],
    runs: [
      {
        act: ["mkdir", `${DIR}/tx-looked-at`],
        events: [{ function_name: "~inode_mkdir", ...monitored("OVERRIDE") }],
        effect: { ret: 0 },
      },
    ],
  },
  {
    name: "syscall-override",
    group: "syscall",
    hook: "syscall",
    shows: { action: "Override" },
    spec: syscall("sys_symlinkat", {
      args: [arg(0, "string")],
      selectors: [
        { matchArgs: [match(0, "Equal", [`${DIR}/tx-secret`])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm|override_return"],
    runs: [
      {
        act: ["symlink", `${DIR}/tx-secret`, `${DIR}/tx-link-1`],
        events: [{ args: [{ string_arg: `${DIR}/tx-secret` }], ...done("OVERRIDE") }],
        effect: { ret: -1, errno: EPERM },
        weaker: { signal: 9 },
      },
      { act: ["symlink", `${DIR}/tx-harmless`, `${DIR}/tx-link-2`], events: [], effect: { ret: 0 } },
    ],
    short: true,
  },
  {
    name: "syscall-override-monitor",
    group: "syscall",
    hook: "syscall",
    shows: { action: "Override monitor" },
    spec: {
      ...syscall("sys_symlinkat", {
        args: [arg(0, "string")],
        selectors: [
          {
            matchArgs: [match(0, "Equal", [`${DIR}/tx-secret-2`])],
            matchActions: [{ action: "Override", argError: -1 }],
          },
        ],
      }),
      ...MONITOR,
    },
    needs: ["lsm|override_return"],
    runs: [
      {
        act: ["symlink", `${DIR}/tx-secret-2`, `${DIR}/tx-link-3`],
        events: [{ args: [{ string_arg: `${DIR}/tx-secret-2` }], ...monitored("OVERRIDE") }],
        effect: { ret: 0, signal: 0 },
      },
    ],
  },
];
