import type { RuntimeEvent } from "../../core/event/event.ts";
import type { Ancestor } from "../../core/event/process.ts";

/** Placeholders of a template, each eight characters, replaced in the packed bytes. */
export const MARKS = { run: "RRRRRRRR", node: "IIIIIIII", story: "SSSSSSSS", seq: "QQQQQQQQ" } as const;
export const SEQ_MARK = 0xfff0fff1;
export const TIME_MARK = 1_795_219_200_123_457;

/** An event but for its number and time. */
export type StoryEvent = Omit<RuntimeEvent, "seq" | "observed_at_us">;

/** A program of a story: its place in the story's process tree. */
export interface Actor {
  readonly slot: number;
  readonly pid: number;
  readonly uid: number;
  readonly binary: string;
  readonly argv: readonly string[];
  readonly parent?: Actor;
}

/** `exec_id` of a story's program, the same in every event of one telling. */
function execId(actor: Actor): string {
  return `sim.${MARKS.run}.${MARKS.node}.${MARKS.story}.${String(actor.slot).padStart(2, "0")}`;
}

function ancestors(actor: Actor): Ancestor[] {
  const chain: Ancestor[] = [];
  for (let at = actor.parent; at; at = at.parent)
    chain.push({
      exec_id: execId(at),
      pid: at.pid,
      binary: at.binary,
      uid: at.uid,
      arguments: at.argv.slice(1).join(" "),
    });
  return chain;
}

function processOf(
  actor: Actor,
  more: Partial<StoryEvent["process"] & object> = {},
): NonNullable<StoryEvent["process"]> {
  const { parent } = actor;
  return {
    exec_id: execId(actor),
    ...(parent ? { parent_exec_id: execId(parent), ppid: parent.pid, parent_binary: parent.binary } : {}),
    pid: actor.pid,
    tid: actor.pid,
    uid: actor.uid,
    gid: actor.uid,
    binary: actor.binary,
    argv: [...actor.argv],
    cwd: "/",
    ancestors: ancestors(actor),
    ...more,
  };
}

const tag = `(${MARKS.node}-${MARKS.seq})`;

/** What happens in a story. */
export const act = {
  exec: (actor: Actor): StoryEvent => ({
    kind: "process_exec",
    severity: "info",
    message: `${actor.parent?.binary ?? "init"} started ${actor.binary} ${tag}`,
    process: processOf(actor),
    hook: { function_name: "sched_process_exec", backend: "tp_btf", cpu: actor.pid % 4 },
  }),
  exit: (actor: Actor, code = 0): StoryEvent => ({
    kind: "process_exit",
    severity: "info",
    message: `${actor.binary} ended with ${code} ${tag}`,
    process: processOf(actor, { exit_code: code, duration_us: 12_345 + actor.pid }),
    hook: { function_name: "sched_process_exit", backend: "tp_btf", cpu: actor.pid % 4 },
  }),
  connect: (actor: Actor, addr: string, port: number, host?: string): StoryEvent => ({
    kind: "network_connect",
    severity: "info",
    message: `${actor.binary} connected to ${host ?? addr}:${port} ${tag}`,
    process: processOf(actor),
    network: {
      family: addr.includes(":") ? "inet6" : "inet",
      protocol: "tcp",
      direction: "outbound",
      local_addr: "10.20.0.7",
      local_port: 30_000 + (actor.pid % 20_000),
      remote_addr: addr,
      remote_port: port,
      ...(host === undefined ? {} : { dns_hostname: host }),
    },
    hook: { function_name: "tcp_connect", backend: "fentry", cpu: actor.pid % 4 },
  }),
  accept: (actor: Actor, addr: string, port: number): StoryEvent => ({
    kind: "network_accept",
    severity: "info",
    message: `${actor.binary} accepted a connection from ${addr} ${tag}`,
    process: processOf(actor),
    network: {
      family: "inet",
      protocol: "tcp",
      direction: "inbound",
      local_port: port,
      remote_addr: addr,
      remote_port: 40_001,
    },
    hook: { function_name: "inet_csk_accept", backend: "fexit", cpu: actor.pid % 4 },
  }),
  dns: (actor: Actor, query: string, answer: string): StoryEvent => ({
    kind: "dns_response",
    severity: "info",
    message: `${actor.binary} learned that ${query} is ${answer} ${tag}`,
    process: processOf(actor),
    dns: {
      id: actor.pid,
      query,
      qtype: "A",
      rcode: "NOERROR",
      answers: [{ name: query, type: "A", ttl: 60, data: answer }],
    },
    hook: { function_name: "udp_recvmsg", backend: "fexit", cpu: actor.pid % 4 },
  }),
  open: (actor: Actor, path: string): StoryEvent => ({
    kind: "file_open",
    severity: "info",
    message: `${actor.binary} opened ${path} ${tag}`,
    process: processOf(actor),
    file: { path, flags: "O_RDONLY|O_CLOEXEC", watch: path },
    hook: { function_name: "security_file_open", policy_name: "watched-files", backend: "fentry", cpu: actor.pid % 4 },
  }),
  alarm: (
    actor: Actor,
    kind: StoryEvent["kind"],
    severity: StoryEvent["severity"],
    what: string,
    more: Partial<StoryEvent> = {},
  ): StoryEvent => ({
    kind,
    severity,
    message: `${actor.binary} ${what} ${tag}`,
    process: processOf(actor),
    hook: { function_name: kind, policy_name: "baseline", backend: "lsm", cpu: actor.pid % 4 },
    ...more,
  }),
} as const;
