import type { RuntimeEvent } from "../../core/event/event.ts";
import { RAW_LINE_MAX_CHARS } from "../../core/event/event.ts";
import { KINDS, type EventKind } from "../../core/event/kinds.ts";
import type { HookSection } from "../../core/event/sections.ts";
import type { Severity } from "../../core/event/severity.ts";
import { clip, countOf, defined, integerOf, listOf, objectOf, textOf, type Json } from "./fields.ts";
import type { EngineLine } from "./line.ts";
import type { SeenProcess } from "./process.ts";

/** An event before it is numbered. */
export type EventDraft = Omit<RuntimeEvent, "seq">;

/** What a kind's reader finds out; the rest is the same for all. */
export interface Finding extends Pick<Partial<EventDraft>, "file" | "network" | "dns" | "detail"> {
  readonly kind: EventKind;
  readonly severity?: Severity | undefined;
  /** What the process did, without its subject: "read /etc/shadow". */
  readonly did: string;
  /** The whole sentence, where it does not begin with its subject. */
  readonly message?: string;
  /** Where the line has none itself. */
  readonly tags?: readonly string[];
}

/** `/usr/bin/cat (pid 12, uid 0)`. */
export function subject(seen: SeenProcess | undefined): string {
  if (!seen) return "A process";
  const { binary, pid, uid } = seen.process;
  return `${clip(binary || "A process", 512)} (pid ${pid}${uid === undefined ? "" : `, uid ${uid}`})`;
}

function hookOf(line: EngineLine): HookSection | undefined {
  const { body, telovix } = line;
  const ret = objectOf(body["return"]);
  const enforced = objectOf(telovix["enforced"]);
  const method = textOf(enforced["method"], 32);
  const hook = defined({
    function_name: textOf(body["function_name"], 128),
    policy_name: textOf(body["policy_name"], 253),
    backend: textOf(telovix["backend"], 32),
    action: textOf(body["action"], 64),
    return_value: integerOf(ret["int_arg"] ?? ret["size_arg"] ?? ret["long_arg"]),
    cpu: countOf(telovix["cpu"]),
    enforced: method === undefined ? undefined : { method, stopped: enforced["stopped"] === true },
    monitored: telovix["monitored"] === true ? true : undefined,
  });
  return Object.keys(hook).length > 0 ? hook : undefined;
}

function tagsOf(body: Json): string[] | undefined {
  const tags = listOf(body["tags"])
    .slice(0, 16)
    .flatMap((tag) => textOf(tag, 128) ?? []);
  return tags.length > 0 ? tags : undefined;
}

/** Puts an event together from its line and what was found in it. */
export function toDraft(line: EngineLine, seen: SeenProcess | undefined, found: Finding): EventDraft {
  const { kind, severity, did, message, tags, ...sections } = found;
  const cut = line.text.length > RAW_LINE_MAX_CHARS;
  return defined({
    kind,
    severity: severity ?? KINDS[kind].severity,
    observed_at_us: line.timeUs,
    message: clip(message ?? `${subject(seen)} ${did}`, 2048),
    process: seen?.process,
    ...sections,
    hook: hookOf(line),
    tags: tagsOf(line.body) ?? (tags && [...tags]),
    raw: clip(line.text, RAW_LINE_MAX_CHARS),
    raw_truncated: cut ? true : undefined,
  });
}
