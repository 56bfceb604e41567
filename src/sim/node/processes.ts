import type { ProcessEntry } from "../../core/wire/inventory.ts";
import { chance, mix } from "../mix.ts";
import type { Profile } from "../options.ts";
import type { NodeFacts } from "./facts.ts";

/** A program, its arguments, its user and its unit. */
type Kind = readonly [binary: string, cmdline: string, uid: number, unit: string];

/** Threads of the kernel, which have no file and no arguments; `#` stands for a processor or a number. */
const KERNEL = [
  "kthreadd",
  "rcu_preempt",
  "migration/#",
  "ksoftirqd/#",
  "cpuhp/#",
  "kworker/#:1H-kblockd",
  "kworker/u8:#-events_unbound",
  "kworker/#:2-mm_percpu_wq",
  "kswapd0",
  "kcompactd0",
  "khugepaged",
  "irq/#-nvme0q1",
  "jbd2/sda#-8",
  "ext4-rsv-conver",
  "scsi_eh_#",
  "scsi_tmf_#",
];

const SYSTEM: readonly Kind[] = [
  ["/usr/lib/systemd/systemd", "/sbin/init", 0, "init.scope"],
  ["/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald", 0, "systemd-journald.service"],
  ["/usr/bin/udevadm", "/lib/systemd/systemd-udevd", 0, "systemd-udevd.service"],
  ["/usr/lib/systemd/systemd-logind", "/lib/systemd/systemd-logind", 0, "systemd-logind.service"],
  ["/usr/bin/dbus-daemon", "/usr/bin/dbus-daemon --system --address=systemd: --nofork", 101, "dbus.service"],
  ["/usr/sbin/cron", "/usr/sbin/cron -f", 0, "cron.service"],
  ["/usr/sbin/rsyslogd", "/usr/sbin/rsyslogd -n -iNONE", 0, "rsyslog.service"],
  ["/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 0, "ssh.service"],
  ["/usr/sbin/chronyd", "/usr/sbin/chronyd -F 1", 105, "chrony.service"],
  ["/usr/sbin/agetty", "/sbin/agetty -o -p -- \\u --noclear tty1 linux", 0, "getty@tty1.service"],
  [
    "/usr/bin/node_exporter",
    "/usr/bin/node_exporter --collector.systemd --web.listen-address=:9100",
    110,
    "node-exporter.service",
  ],
  ["/usr/bin/containerd", "/usr/bin/containerd --config /etc/containerd/config.toml", 0, "containerd.service"],
];

/** How many processes a host of a profile has, from and below, and what most of them are. */
const HOSTS: Readonly<
  Record<Profile, { readonly from: number; readonly below: number; readonly kinds: readonly Kind[] }>
> = {
  web: {
    from: 150,
    below: 280,
    kinds: [
      ["/usr/sbin/nginx", "nginx: worker process", 33, "nginx.service"],
      ["/usr/sbin/php-fpm8.2", "php-fpm: pool www", 33, "php8.2-fpm.service"],
      [
        "/usr/sbin/php-fpm8.2",
        "php-fpm: pool shop --config /etc/php/8.2/fpm/pool.d/shop.conf",
        33,
        "php8.2-fpm.service",
      ],
      ["/usr/bin/node", "node /srv/app/server.js --port 3000 --workers auto --log-level info", 1001, "app.service"],
    ],
  },
  db: {
    from: 120,
    below: 220,
    kinds: [
      [
        "/usr/lib/postgresql/15/bin/postgres",
        "postgres: 15/main: shop shop 10.20.0.31(48120) idle",
        106,
        "postgresql@15-main.service",
      ],
      [
        "/usr/lib/postgresql/15/bin/postgres",
        "postgres: 15/main: autovacuum launcher",
        106,
        "postgresql@15-main.service",
      ],
      [
        "/usr/lib/postgresql/15/bin/postgres",
        "postgres: 15/main: walsender replica 10.20.0.12(50312) streaming 3/7A000148",
        106,
        "postgresql@15-main.service",
      ],
    ],
  },
  "5gcore": {
    from: 220,
    below: 350,
    kinds: [
      [
        "/opt/5gc/bin/amf",
        "/opt/5gc/bin/amf --config /etc/5gc/amf.yaml --sbi 10.45.0.5:7777 --ngap 38412",
        1500,
        "5gc-amf.service",
      ],
      [
        "/opt/5gc/bin/smf",
        "/opt/5gc/bin/smf --config /etc/5gc/smf.yaml --pfcp 10.45.0.7:8805",
        1500,
        "5gc-smf.service",
      ],
      ["/opt/5gc/bin/upf", "/opt/5gc/bin/upf --config /etc/5gc/upf.yaml --dpdk --lcores 2-7", 0, "5gc-upf.service"],
      [
        "/usr/bin/containerd-shim-runc-v2",
        "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -address /run/containerd/containerd.sock",
        0,
        "containerd.service",
      ],
    ],
  },
};

const COMERS: readonly Kind[] = [
  ["/bin/sh", "/bin/sh -c /usr/local/bin/check-disk --warn 80 --critical 90", 0, "cron.service"],
  ["/usr/bin/sleep", "sleep 5", 0, "cron.service"],
  ["/usr/bin/curl", "curl -fsS --max-time 10 http://127.0.0.1:8080/healthz", 1001, "health.service"],
  ["/usr/sbin/sshd", "sshd: deploy [priv]", 0, "ssh.service"],
];

const PAGE_BYTES = 4096;
const KERNEL_SHARE = 0.45;

/** Processes a host has when nothing comes or goes. */
export function processCount({ seed, index, profile }: NodeFacts): number {
  const { from, below } = HOSTS[profile];
  return from + (mix(seed, index, 81) % (below - from));
}

/** Processes that are there at one look and not at the next: none to three. */
export function comerCount({ seed, index }: NodeFacts, look: number): number {
  return mix(seed, index, look, 82) % 4;
}

/** What runs on a host at its `look`th look. Nothing of it is kept: it is made anew from the seed. */
export function processesOf(facts: NodeFacts, look: number): ProcessEntry[] {
  const { seed, index, profile, startedUs } = facts;
  const { kinds } = HOSTS[profile];
  const count = processCount(facts);
  const kernel = Math.floor(count * KERNEL_SHARE);
  const entries: ProcessEntry[] = [];
  const bornUs = Math.max(0, Math.round(startedUs) - 86_400_000_000);
  for (let i = 0; i < count; i++) {
    if (i < kernel) {
      entries.push(kernelThread(i, bornUs));
      continue;
    }
    const n = i - kernel;
    const kind = n < SYSTEM.length ? SYSTEM[n]! : kinds[n % kinds.length]!;
    const moved = mix(seed, index, look, i);
    entries.push(entryOf(kind, 600 + n * 3, n === 0 ? 0 : 600, bornUs + n * 50_000, moved));
  }
  for (let i = comerCount(facts, look); i > 0; i--) {
    const drawn = mix(seed, index, look, i, 83);
    const pid = 30_000 + ((look * 4 + i) % 30_000);
    entries.push(entryOf(COMERS[drawn % COMERS.length]!, pid, 640, bornUs + look * 15_000_000, drawn));
  }
  return entries;
}

function kernelThread(i: number, bornUs: number): ProcessEntry {
  return {
    pid: i + 2,
    ppid: i === 0 ? 0 : 2,
    name: KERNEL[i % KERNEL.length]!.replace("#", String(Math.floor(i / KERNEL.length))),
    cmdline: "",
    uid: 0,
    euid: 0,
    state: i % 3 === 0 ? "S" : "I",
    threads: 1,
    rss_bytes: 0,
    cpu_percent: 0,
    start_time_us: bornUs,
    cgroup: "/",
  };
}

function entryOf(
  [binary, cmdline, uid, unit]: Kind,
  pid: number,
  ppid: number,
  bornUs: number,
  moved: number,
): ProcessEntry {
  return {
    pid,
    ppid,
    name: binary.slice(binary.lastIndexOf("/") + 1, binary.lastIndexOf("/") + 16),
    binary_path: binary,
    cmdline,
    uid,
    euid: uid,
    state: chance(moved, 1) < 0.05 ? "R" : "S",
    threads: 1 + (pid % 9),
    rss_bytes: PAGE_BYTES * (1_000 + pid * 7 + (moved % 200)),
    cpu_percent: (moved % 40) / 10,
    start_time_us: bornUs,
    cgroup: `/system.slice/${unit}`,
  };
}
