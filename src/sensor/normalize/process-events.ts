import { clip, countOf, defined, integerOf, textOf, type Json } from "./fields.ts";
import { toDraft, type EventDraft, type Finding } from "./draft.ts";
import type { EngineLine } from "./line.ts";
import { baseName, isContainerRuntime, isScratchPath, masquerade } from "./programs.ts";
import type { SeenProcess } from "./process.ts";

function commandLine(seen: SeenProcess): string {
  const { argv, binary } = seen.process;
  return clip(argv.length > 1 ? `${binary} ${argv.slice(1).join(" ")}` : binary, 1024);
}

function fromMemory(telovix: Json): boolean {
  return telovix["memfd"] === true || integerOf(telovix["nlink"]) === 0;
}

function execFinding(line: EngineLine, seen: SeenProcess): Finding {
  const { binary, argv } = seen.process;
  const did = `executed ${commandLine(seen)}`;
  const detail = defined({
    ino: textOf(line.telovix["ino"], 32),
    dev: textOf(line.telovix["dev"], 32),
  });
  const base: Finding = { kind: "process_exec", did, ...(Object.keys(detail).length > 0 ? { detail } : {}) };
  if (fromMemory(line.telovix)) {
    const what = line.telovix["memfd"] === true ? "a file that exists in memory only" : "a deleted file";
    // Container runtimes execute a sealed copy of themselves to shield it from the container.
    const severity = isContainerRuntime(parentBinary(line)) && /runc|crun/.test(binary) ? "warning" : "critical";
    return { ...base, kind: "exec_memfd", severity, did: `${did}, ${what}` };
  }
  const hidden = masquerade(binary, argv[0]);
  if (hidden !== undefined) return { ...base, severity: "critical", did: `${did}; ${hidden}` };
  if (isScratchPath(binary)) return { ...base, severity: "warning" };
  return base;
}

function parentBinary(line: EngineLine): string {
  const parent = line.body["parent"] as Json | undefined;
  return textOf(parent?.["binary"], 4096) ?? "";
}

export function execDraft(line: EngineLine, seen: SeenProcess): EventDraft {
  const draft = toDraft(line, seen, execFinding(line, seen));
  // The one kind whose subject is the parent: it started what the event is about.
  const starter = parentBinary(line);
  return {
    ...draft,
    message: clip(
      draft.message.replace(
        /^.*? executed /s,
        `${starter ? baseName(starter) : "A process"} (pid ${seen.process.ppid ?? "?"}) started `,
      ),
      2048,
    ),
  };
}

export function forkDraft(line: EngineLine, seen: SeenProcess): EventDraft {
  return toDraft(line, seen, {
    kind: "process_fork",
    did: `was forked from process ${seen.process.ppid ?? "unknown"}`,
  });
}

export function exitDraft(line: EngineLine, seen: SeenProcess): EventDraft {
  const signal = textOf(line.body["signal"], 16);
  const status = countOf(line.body["status"], 255) ?? 0;
  const durationNs = countOf(line.telovix["duration_ns"]);
  const process = defined({
    ...seen.process,
    exit_code: signal === undefined ? status : undefined,
    exit_signal: signal,
    duration_us: durationNs === undefined ? undefined : Math.floor(durationNs / 1000),
  });
  const did = signal === undefined ? `ended with code ${status}` : `was ended by ${signal}`;
  return toDraft(line, { ...seen, process }, { kind: "process_exit", did });
}
