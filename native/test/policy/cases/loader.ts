import { ALPHA, DIR, FILE, type Case } from "../case.ts";
import { NOT_EMPTY } from "../match.ts";
import { arg, match, syscall } from "../spec.ts";

const LIBRARY = `${DIR}/bin/dynamic`;
const READ = "1";
const EXECUTE = "5";
/** Until the file has been looked at: of a process that is gone it may be out of reach. */
const STAY = ["+", "wait", "400"];

/** `loader: true`: what is mapped to be run. */
export const loaderCases: Case[] = [
  {
    name: "loader-files",
    group: "loader",
    hook: "loader",
    shows: { other: "executable mappings" },
    spec: { loader: true },
    needs: [],
    runs: [
      {
        act: ["mmap", LIBRARY, EXECUTE, ...STAY],
        events: [
          { event: "process_loader", path: LIBRARY, buildid: NOT_EMPTY, args: null, action: null, function_name: null },
        ],
      },
      {
        act: ["mmap", FILE, EXECUTE, ...STAY],
        events: [{ event: "process_loader", path: FILE, buildid: null, telovix: { buildid_missing: "none" } }],
      },
      { act: ["mmap", LIBRARY, READ], events: [] },
      // A program's own file is mapped by the kernel.
      { act: [`exec=${ALPHA}`, "wait", "400"], events: [{ event: "process_loader", path: ALPHA, buildid: NOT_EMPTY }] },
    ],
    short: true,
  },
  {
    name: "loader-beside-mmap",
    group: "loader",
    hook: "loader",
    shows: { other: "executable mappings beside a hook on mmap" },
    spec: {
      loader: true,
      ...syscall("sys_mmap", {
        args: [arg(2, "int")],
        return: true,
        returnArg: arg(0, "size_t"),
        selectors: [{ matchArgs: [match(2, "Mask", ["1"])] }],
      }),
    },
    needs: [],
    runs: [
      {
        act: ["mmap", LIBRARY, EXECUTE, ...STAY],
        among: true,
        events: [
          { event: "process_kprobe", args: [{ int_arg: 5 }] },
          { event: "process_loader", path: LIBRARY, buildid: NOT_EMPTY },
        ],
      },
      {
        act: ["mmap", LIBRARY, READ],
        among: true,
        events: [{ event: "process_kprobe", args: [{ int_arg: 1 }] }],
        never: [{ event: "process_loader" }],
      },
    ],
  },
];
