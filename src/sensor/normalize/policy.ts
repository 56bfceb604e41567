import type { EventKind } from "../../core/event/kinds.ts";
import type { NetworkSection } from "../../core/event/sections.ts";
import type { KnownPolicy } from "../policy/known.ts";
import type { Args, NamedArg } from "./args.ts";
import { subject, type Finding } from "./draft.ts";
import { clip, defined, objectOf, textOf, type Json } from "./fields.ts";
import type { EngineLine } from "./line.ts";
import { addressOf, endpoint, networkOf } from "./network.ts";
import { numberWord } from "./number-words.ts";
import { readParent, type SeenProcess } from "./process.ts";

/** Purposes of kernel_read_file, as the kernel numbers them since 5.10. */
const READING_MODULE = "2";
/** Arguments that say more about the call than about what it was aimed at. */
const UNTOLD = new Set(
  "dirfd olddirfd newdirfd fromdirfd todirfd fd length flags mode address image parameters".split(" "),
);
const MAX_TOLD = 3;

/** `sys_openat`, `file_open`: as packs write it, however the kernel of the line calls it. */
function hookName(text: string): string {
  return text.replace(/^__(x64|ia32|arm64)_sys_/, "sys_").replace(/^(security|bpf_lsm)_/, "");
}

function ofHook<T>(table: Readonly<Record<string, T>> | undefined, hook: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, hook) ? table[hook] : undefined;
}

function kindOf(known: KnownPolicy, hook: string, named: readonly NamedArg[]): EventKind {
  const kind = ofHook(known.kinds, hook) ?? known.kind;
  const isModule = named.some((arg) => arg.label === "purpose" && arg.value === READING_MODULE);
  return kind === "lsm_kernel_read" && isModule ? "kmod_file_read" : kind;
}

function networkFound(line: EngineLine, args: Args): NetworkSection | undefined {
  const address = args.address();
  if (address) return addressOf(address.at, address.label);
  const sock = args.sock();
  return Object.keys(sock).length > 0 ? networkOf(line, sock, undefined) : undefined;
}

interface Touched {
  readonly path: string;
  readonly target: string | undefined;
}

/** The file of the call: of two, the one that is made or moved, and where it leads. */
function fileFound(args: Args, named: readonly NamedArg[]): Touched | undefined {
  const text = (label: string): string | undefined => named.find((a) => a.isText && a.label === label)?.value;
  const link = text("link");
  if (link !== undefined) return { path: link, target: text("target") ?? text("to") };
  const old = text("old") ?? text("from");
  if (old !== undefined) return { path: old, target: text("new") ?? text("to") };
  const absolute = ["program", "module", "image"].map(text).find((found) => found?.startsWith("/"));
  const path = textOf(objectOf(args.file())["path"], 4096) ?? text("path") ?? absolute;
  return path === undefined ? undefined : { path, target: undefined };
}

function toldArgs(hook: string, named: readonly NamedArg[]): string {
  const told = named.filter((a) => a.isText || !UNTOLD.has(a.label)).slice(0, MAX_TOLD);
  return told.map((a) => (a.isText ? a.value : `${a.label} ${numberWord(hook, a.label, a.value)}`)).join(", ");
}

function touchedText(
  hook: string,
  network: NetworkSection | undefined,
  file: Touched | undefined,
  named: readonly NamedArg[],
): string {
  if (network) {
    const isPeer = network.remote_addr !== undefined || network.remote_port !== undefined;
    const addr = isPeer ? network.remote_addr : network.local_addr;
    if (network.family === "unix") return addr ?? "a local socket";
    if (addr !== undefined) return endpoint(addr, isPeer ? network.remote_port : network.local_port);
  }
  if (file) return file.target === undefined ? file.path : `${file.path} → ${file.target}`;
  return toldArgs(hook, named);
}

/** Who did it. A process that is what was started did not do it: its parent did. */
function whoText(line: EngineLine, seen: SeenProcess | undefined, file: Touched | undefined): string {
  if (seen === undefined || file === undefined || file.path !== seen.process.binary) return `by ${subject(seen)}`;
  const parent = readParent(line.body["parent"])?.ancestor;
  return parent
    ? `started by ${clip(parent.binary || "a process", 512)} (pid ${parent.pid})`
    : `pid ${seen.process.pid}`;
}

/** What was done about it, in words. */
function outcome(telovix: Json): string {
  if (telovix["monitored"] === true) return "; monitor mode: it was not stopped";
  const method = textOf(objectOf(telovix["enforced"])["method"], 32);
  if (method === undefined) return "";
  if (objectOf(telovix["enforced"])["stopped"] === true) return "; it was stopped";
  return method === "signal" ? "; the process was sent a signal" : "";
}

/** The event of a policy that came with a pack: its kind, severity and words are those the pack gives. */
export function policyFinding(
  line: EngineLine,
  seen: SeenProcess | undefined,
  args: Args,
  known: KnownPolicy,
): Finding {
  const { body, telovix } = line;
  const hook = hookName(textOf(body["function_name"] ?? body["symbol"] ?? body["event"], 128) ?? "");
  const named = args.named();
  const kind = kindOf(known, hook, named);
  const network = networkFound(line, args);
  const file = network ? undefined : fileFound(args, named);
  const touched = clip(touchedText(hook, network, file, named), 1024);
  const detail = Object.fromEntries(named.slice(0, 16).map(({ label, value }) => [label, clip(value, 4096)]));
  const what = textOf(body["message"], 512) ?? known.title;
  return defined({
    kind,
    severity: ofHook(known.severities, hook) ?? known.severity,
    file: file && defined({ ...file, flags: textOf(objectOf(args.file())["flags"], 256) }),
    network,
    detail: named.length > 0 ? detail : undefined,
    did: "",
    message: `${what}${touched === "" ? "" : `: ${touched}`}, ${whoText(line, seen, file)}${args.outcome}${outcome(telovix)}`,
    tags: known.techniques,
  });
}
