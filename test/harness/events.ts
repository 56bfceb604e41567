import { KINDS, type EventKind } from "../../src/core/event/kinds.ts";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import type { Ancestor, Process } from "../../src/core/event/process.ts";
import type { StoredEvent } from "../../src/console/stores/runtime-event-row.ts";
import { Dice } from "./dice.ts";

const PROGRAMS: readonly (readonly string[])[] = [
  ["/usr/bin/bash", "-c", "id; uname -a"],
  ["/usr/bin/curl", "-fsS", "https://updates.example.org/pkg%2Findex_v2.json"],
  ["/usr/bin/python3", "/srv/app/worker.py", "--queue", "Ärger%_\\mail"],
  ["/usr/sbin/nginx", "-g", "daemon off;"],
  ["/usr/bin/grep", "-rn", "it's 100% done", "/var/log"],
  ["/usr/lib/systemd/systemd-logind"],
  ["/opt/db/bin/postgres", "-D", "/var/lib/db"],
  ["/usr/bin/sh", "-c", "echo 'a\tb' \"quoted\" | wc -l"],
  ["cron", "-f"],
];
const FILES = [
  "/etc/shadow",
  "/etc/passwd",
  "/root/.ssh/authorized_keys",
  "/etc/cron.d/100%_sure",
  "/usr/lib/libc.so.6",
];
const NAMES = ["updates.example.org", "db-1.internal", "Xn--Mnchen-3ya.example", "metrics.example.net"];
const OTHER_KINDS: readonly EventKind[] = [
  "setuid",
  "mount",
  "capset",
  "kernel_module",
  "file_chmod",
  "network_listen",
  "policy_match",
];

export interface Host {
  readonly sensorId: string;
  readonly nodeName: string;
}

export interface GenerateOptions {
  readonly seed: number;
  readonly tenantId: string;
  readonly hosts: readonly Host[];
  readonly count: number;
  /** Time of the first event and of about the last, microseconds since 1970. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly epoch?: string;
}

interface Alive {
  readonly process: Process;
  readonly containerId: string | undefined;
}

/** One host's life: processes start others, open files, connect, resolve names and end. */
class HostLife {
  readonly #dice: Dice;
  readonly #alive: Alive[] = [];
  readonly #host: Host;
  #pid = 100;
  #seq = 0;

  constructor(host: Host, seed: number) {
    this.#host = host;
    this.#dice = new Dice(seed);
  }

  #event(kind: EventKind, atUs: number, who: Alive, message: string, more: Partial<RuntimeEvent> = {}): RuntimeEvent {
    return {
      seq: ++this.#seq,
      kind,
      severity:
        this.#dice.next() < 0.05 ? this.#dice.pick(["warning", "high", "critical"] as const) : KINDS[kind].severity,
      observed_at_us: atUs,
      message,
      process: who.process,
      ...(who.containerId === undefined ? {} : { workload: { container_id: who.containerId } }),
      ...more,
    };
  }

  #start(atUs: number): RuntimeEvent {
    const dice = this.#dice;
    const parent = this.#alive.length === 0 ? undefined : dice.pick(this.#alive);
    const [binary, ...rest] = parent ? dice.pick(PROGRAMS) : ["/usr/lib/systemd/systemd", "--system"];
    const pid = parent ? ++this.#pid : 1;
    const above: Ancestor[] = parent
      ? [
          { exec_id: parent.process.exec_id, pid: parent.process.pid, binary: parent.process.binary },
          ...parent.process.ancestors,
        ]
      : [];
    const process: Process = {
      exec_id: Buffer.from(`${this.#host.nodeName}:${atUs}:${pid}`).toString("base64"),
      ...(parent
        ? { parent_exec_id: parent.process.exec_id, ppid: parent.process.pid, parent_binary: parent.process.binary }
        : {}),
      pid,
      uid: dice.pick([0, 0, 33, 1000]),
      binary: binary!,
      argv: [binary!, ...rest],
      start_time_us: atUs,
      ancestors: above.slice(0, 16),
    };
    const containerId = parent?.containerId ?? (dice.next() < 0.1 ? dice.uuid().replaceAll("-", "") : undefined);
    const who = { process, containerId };
    if (this.#alive.length < 200) this.#alive.push(who);
    return this.#event("process_exec", atUs, who, `${binary} was executed`);
  }

  /** The next event of this host. */
  next(atUs: number): RuntimeEvent {
    const dice = this.#dice;
    const roll = dice.next();
    if (this.#alive.length < 3 || roll < 0.3) return this.#start(atUs);
    const index = 1 + dice.below(this.#alive.length - 1);
    const who = this.#alive[index]!;
    const { binary } = who.process;
    if (roll < 0.45) {
      this.#alive.splice(index, 1);
      const ended = { ...who, process: { ...who.process, exit_code: dice.below(3) } };
      return this.#event("process_exit", atUs, ended, `${binary} ended`);
    }
    if (roll < 0.65) {
      const remote_addr = `10.${dice.below(4)}.${dice.below(250)}.${dice.below(250)}`;
      const dns_hostname = dice.pick(NAMES);
      return this.#event("network_connect", atUs, who, `${binary} connected to ${remote_addr}:443`, {
        network: {
          family: "inet",
          protocol: "tcp",
          direction: "outbound",
          remote_addr,
          remote_port: 443,
          dns_hostname,
        },
      });
    }
    if (roll < 0.75) {
      const query = dice.pick(NAMES);
      return this.#event("dns_query", atUs, who, `${binary} asked for ${query}`, {
        dns: { query, qtype: "A", answers: [] },
      });
    }
    if (roll < 0.95) {
      const path = dice.pick(FILES);
      const kind = dice.next() < 0.1 ? "file_write" : "file_open";
      return this.#event(kind, atUs, who, `${binary} opened ${path}`, { file: { path } });
    }
    return this.#event(dice.pick(OTHER_KINDS), atUs, who, `${binary} did something of note`, {
      hook: { policy_name: "telovix-syscall" },
    });
  }
}

/** Believable events of some hosts, in order of time, the same for the same seed. */
export function* generateEvents(options: GenerateOptions): Generator<StoredEvent> {
  const { tenantId, hosts, count, fromUs, toUs, epoch = "00000000000000aa" } = options;
  const dice = new Dice(options.seed);
  const lives = hosts.map((host) => new HostLife(host, dice.below(2 ** 31)));
  for (let i = 0; i < count; i++) {
    const index = dice.below(hosts.length);
    const { sensorId, nodeName } = hosts[index]!;
    const atUs = Math.floor(fromUs + ((toUs - fromUs) * i) / count);
    yield {
      tenantId,
      sensorId,
      nodeName,
      epoch,
      event: lives[index]!.next(atUs),
      ingestedAtMs: Math.floor(atUs / 1000) + 200,
    };
  }
}
