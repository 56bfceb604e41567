import type { FileSection } from "../../core/event/sections.ts";
import type { Severity } from "../../core/event/severity.ts";
import type { EventKind } from "../../core/event/kinds.ts";
import type { Args } from "./args.ts";
import type { Finding } from "./draft.ts";
import { defined, textOf } from "./fields.ts";
import type { EngineLine } from "./line.ts";
import { isCredentialReader, isPackageManager } from "./programs.ts";

/** Files whose content lets somebody log in or become somebody: passwd is not one of them. */
const CREDENTIALS =
  /^\/etc\/(g?shadow-?|sudoers(\.d\/.*)?|krb5\.keytab|ssh\/ssh_host_\w+_key)$|\/\.ssh\/id_[\w]+$|\/\.(aws\/credentials|kube\/config|docker\/config\.json|pgpass|netrc)$/;
const WRITING = /O_WRONLY|O_RDWR|O_TRUNC|O_CREAT|O_APPEND/;

function fileOf(line: EngineLine, path: string, more: Partial<FileSection> = {}): FileSection {
  return defined({
    path,
    ...more,
    watch: textOf(line.telovix["watch"], 256),
    toctou: line.telovix["toctou"] === true ? true : undefined,
  });
}

/** An attempt that the kernel refused changed nothing: one step milder. */
function milder(severity: Severity): Severity {
  return severity === "critical" || severity === "high" ? "warning" : "info";
}

// Service managers and container runtimes write there all day; only these files let a process reach out of its group.
const CONTROL_GROUPS = /^\/sys\/fs\/cgroup\//;
const ESCAPES = /\/(release_agent|notify_on_release|devices\.allow)$/;

function isUsualWrite(path: string): boolean {
  return CONTROL_GROUPS.test(path) && !ESCAPES.test(path);
}

export function openFinding(line: EngineLine, args: Args, binary: string): Finding {
  const arg = args.file();
  const path = textOf(arg["path"], 4096) ?? "";
  const flags = textOf(arg["flags"], 256);
  const file = fileOf(line, path, defined({ flags, mode: textOf(arg["permission"], 16) }));
  if (flags !== undefined && WRITING.test(flags)) {
    const severity: Severity = isUsualWrite(path) ? "info" : isPackageManager(binary) ? "warning" : "critical";
    return {
      kind: "file_write",
      file,
      severity: args.failed ? milder(severity) : severity,
      did: `opened ${path} for writing${args.outcome}`,
    };
  }
  const severity = CREDENTIALS.test(path) && !isCredentialReader(binary) ? "warning" : "info";
  return {
    kind: "file_open",
    file,
    severity: args.failed ? milder(severity) : severity,
    did: `opened ${path} for reading${args.outcome}`,
  };
}

interface PathCall {
  readonly kind: EventKind;
  readonly severity: Severity;
  readonly did: (path: string, target: string | undefined, args: Args) => string;
  /** Which of the call's texts is the path and which the target. */
  readonly path: number;
  readonly target?: number;
  /** Which of the numbers is the mode. */
  readonly mode?: number;
}

const PATH_CALLS: Readonly<Record<string, PathCall>> = {
  unlinkat: { kind: "file_delete", severity: "high", path: 0, did: (p) => `removed ${p}` },
  renameat2: {
    kind: "file_rename",
    severity: "high",
    path: 0,
    target: 1,
    did: (p, t) => `renamed ${p} to ${t ?? "?"}`,
  },
  linkat: {
    kind: "file_link",
    severity: "high",
    path: 1,
    target: 0,
    did: (p, t) => `made a hard link ${p} to ${t ?? "?"}`,
  },
  symlinkat: {
    kind: "file_link",
    severity: "high",
    path: 1,
    target: 0,
    did: (p, t) => `made a symbolic link ${p} to ${t ?? "?"}`,
  },
  fchmodat: { kind: "file_chmod", severity: "warning", path: 0, mode: 1, did: (p) => `changed the mode of ${p}` },
  fchownat: { kind: "file_chown", severity: "warning", path: 0, did: (p) => `changed the owner of ${p}` },
  setxattr: {
    kind: "file_xattr",
    severity: "warning",
    path: 0,
    target: 1,
    did: (p, t) => `set the attribute ${t ?? "?"} of ${p}`,
  },
  truncate: { kind: "file_write", severity: "high", path: 0, did: (p) => `truncated ${p}` },
};

/** A call on a watched path; undefined when the function is none. */
export function pathCallFinding(name: string, line: EngineLine, args: Args, binary: string): Finding | undefined {
  const call = Object.hasOwn(PATH_CALLS, name) ? PATH_CALLS[name]! : undefined;
  if (!call) return undefined;
  const texts = args.texts();
  const path = texts[call.path] ?? texts[0] ?? "";
  const target = call.target === undefined ? undefined : texts[call.target];
  const modeNumber = call.mode === undefined ? undefined : args.numbers()[call.mode];
  const mode = modeNumber === undefined || modeNumber < 0 ? undefined : `0${(modeNumber & 0o7777).toString(8)}`;
  const usual = isPackageManager(binary) ? "info" : call.severity;
  const did = `${call.did(path, target, args)}${mode === undefined ? "" : ` to ${mode}`}${args.outcome}`;
  return {
    kind: call.kind,
    file: fileOf(line, path, defined({ target, mode })),
    severity: args.failed ? milder(usual) : usual,
    did,
  };
}
